using System.Buffers.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.SigningKeys;

/// <summary>
/// Takes up the keys that another node may have made a moment ago, where not to know them would make nodes disagree: before this one
/// publishes its keys, and before it judges a token of a key that it does not know. Keys are announced long before they sign; this is for the
/// one that must take over at once, from a key that was revoked.
/// </summary>
internal sealed partial class KeysOfNow(SigningKeyRing ring, IOptionsMonitor<OpenIddictServerOptions> options, ILogger<KeysOfNow> logger)
{
    /// <summary>How old the last look may be. Whoever asks again and again causes one query in this time.</summary>
    internal static readonly TimeSpan Lately = TimeSpan.FromSeconds(1);

    // Then the known ones do: keys are published while the database is away.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public bool Knows(string kid) => ring.Current.Publishes(kid);

    /// <summary>Looks, unless that was done lately, and has the rest of the request see what was found.</summary>
    public async ValueTask TakeUpAsync(OpenIddictServerTransaction transaction, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await ring.LookAsync(Lately, patience.Token);
        }
        catch (Exception thrown) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(logger, thrown);
        }

        // A look of somebody else's may have changed them since this request began.
        transaction.Options = options.CurrentValue;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The signing keys could not be looked at for a request; the known ones are used.")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}

/// <summary>Publishes the keys of now.</summary>
internal sealed class PublishKeysOfNow(KeysOfNow keys) : IOpenIddictServerHandler<HandleJsonWebKeySetRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<HandleJsonWebKeySetRequestContext>()
            .UseSingletonHandler<PublishKeysOfNow>()
            .SetOrder(Discovery.AttachSigningKeys.Descriptor.Order - 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(HandleJsonWebKeySetRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return keys.TakeUpAsync(context.Transaction, context.CancellationToken);
    }
}

/// <summary>Judges a token of an unknown key by the keys of now.</summary>
internal sealed class JudgeByKeysOfNow(KeysOfNow keys) : IOpenIddictServerHandler<ValidateTokenContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenContext>()
            .UseSingletonHandler<JudgeByKeysOfNow>()
            .SetOrder(Protection.ResolveTokenValidationParameters.Descriptor.Order - 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(ValidateTokenContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return KeyOf(context.Token) is { } kid && !keys.Knows(kid)
            ? keys.TakeUpAsync(context.Transaction, context.CancellationToken)
            : ValueTask.CompletedTask;
    }

    // Of a JWS in compact form (RFC 7515 §7.1). What is none has no key of ours, and is judged as ever.
    private static string? KeyOf(string token)
    {
        var end = token.AsSpan().IndexOf('.');
        if (end <= 0)
        {
            return null;
        }

        try
        {
            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(token.AsSpan(0, end)));
            return header.RootElement.ValueKind == JsonValueKind.Object
                && header.RootElement.TryGetProperty("kid", out var kid) && kid.ValueKind == JsonValueKind.String ? kid.GetString() : null;
        }
        catch (Exception other) when (other is FormatException or JsonException or InvalidOperationException)
        {
            return null; // the last is text that is not Unicode
        }
    }
}
