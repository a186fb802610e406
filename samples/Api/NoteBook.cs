using System.Collections.Concurrent;
using System.Security.Claims;

namespace Api;

/// <summary>A note.</summary>
internal sealed record Note(string Text);

/// <summary>The notes of everybody, in memory.</summary>
internal sealed class NoteBook
{
    private readonly ConcurrentDictionary<string, ConcurrentQueue<Note>> _notes = new(StringComparer.Ordinal);

    /// <summary>The notes of the person whom the token speaks for, or of the client when it acts for itself.</summary>
    public IEnumerable<Note> Of(ClaimsPrincipal caller) => Shelf(caller);

    /// <summary>Keeps a note.</summary>
    public Note Add(ClaimsPrincipal caller, Note note)
    {
        Shelf(caller).Enqueue(note);
        return note;
    }

    private ConcurrentQueue<Note> Shelf(ClaimsPrincipal caller) =>
        _notes.GetOrAdd(caller.FindFirstValue("sub")!, _ => new ConcurrentQueue<Note>([new Note("Buy tea.")]));
}
