namespace IdentityServer.Portal;

/// <summary>A text to be pasted elsewhere, with a button that copies it where scripts run.</summary>
/// <param name="Id">What its element is called on the page.</param>
/// <param name="Label">What it is, for the button's name.</param>
/// <param name="Value">The text.</param>
/// <param name="Block">It has several lines.</param>
internal sealed record Copyable(string Id, string Label, string Value, bool Block = false);
