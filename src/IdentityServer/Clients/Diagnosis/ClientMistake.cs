namespace IdentityServer.Clients.Diagnosis;

/// <summary>Which mistake a client made, for its owners alone.</summary>
/// <param name="Code">One of <see cref="Domain.Diagnosis.FailureCodes"/>.</param>
/// <param name="Details">The facts that the code's sentence names; nothing in them is secret.</param>
internal sealed record ClientMistake(string Code, params IReadOnlyList<(string Name, string Value)> Details);
