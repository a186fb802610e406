namespace IdentityServer.SignIn.Proofs;

/// <summary>The field in which a password is chosen.</summary>
/// <param name="Label">The key of its label.</param>
/// <param name="Problem">What is wrong with what was typed; null for nothing.</param>
internal sealed record NewPasswordField(string Label, string? Problem);
