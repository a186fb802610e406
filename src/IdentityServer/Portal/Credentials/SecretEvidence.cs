using IdentityServer.Clients.Credentials;
using IdentityServer.Domain.Clients;
using IdentityServer.Languages;

namespace IdentityServer.Portal.Credentials;

/// <summary>Says what is known of taking a secret away, so that its owner can judge it.</summary>
internal static class SecretEvidence
{
    /// <summary>What a secret is called: its label, or that it has none.</summary>
    public static string NameOf(ShownSecret secret, Words words) => secret.Label.Length > 0 ? secret.Label : words["portal.unlabelled"];

    /// <summary>The evidence in a sentence or two.</summary>
    /// <param name="secret">The one that would go.</param>
    /// <param name="all">Every secret of the client.</param>
    /// <param name="now">The time.</param>
    /// <param name="words">The language.</param>
    public static string Say(ShownSecret secret, IReadOnlyList<ShownSecret> all, DateTimeOffset now, Words words)
    {
        var history = secret.History;
        return secret.Retirement switch
        {
            Retirement.Over => history.RetiredAt is { } retired
                ? words.Say("portal.secret-retired", ("moment", words.Moment(retired)))
                : words.Say("portal.secret-expired", ("moment", words.Moment(history.ExpiresAt!.Value))),
            Retirement.OnlyOne => words["portal.evidence.only-one"],
            Retirement.SuccessorUnused => words["portal.evidence.successor-unused"],
            Retirement.StillUsed when history.LastUsedAt is { } used => words.Say(
                "portal.evidence.still-used", ("moment", words.Moment(used)), ("safe", words.Moment(used + SecretRotation.Idle))),
            Retirement.StillUsed => words.Say("portal.evidence.too-young", ("safe", words.Moment(history.CreatedAt + SecretRotation.Idle))),
            Retirement.Safe when Successor(secret, all, now) is { } successor => words.Say(
                history.LastUsedAt is null ? "portal.evidence.safe-unused" : "portal.evidence.safe",
                ("successor", NameOf(successor, words)),
                ("used", words.Moment(successor.History.LastUsedAt!.Value)),
                ("idle", words.Moment(history.LastUsedAt ?? history.CreatedAt))),
            var other => throw new ArgumentOutOfRangeException(nameof(secret), other, "There is no such state."),
        };
    }

    // The one whose use is the evidence: as SecretRotation has it, younger and in use.
    private static ShownSecret? Successor(ShownSecret secret, IReadOnlyList<ShownSecret> all, DateTimeOffset now) => all
        .Where(other => other.Id != secret.Id && other.History.IsActive(now) && other.History.CreatedAt >= secret.History.CreatedAt && other.History.LastUsedAt is not null)
        .MaxBy(other => other.History.LastUsedAt);
}
