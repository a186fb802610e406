namespace IdentityServer.Pages;

/// <summary>
/// What the error page says instead of its general words, when a room knows better. Set it as a feature of the request before the
/// error status is returned. It is shown to whoever sent the request: no details that would help to probe.
/// </summary>
/// <param name="Heading">A few words.</param>
/// <param name="Text">What the person can do.</param>
internal sealed record ErrorExplanation(string Heading, string Text);
