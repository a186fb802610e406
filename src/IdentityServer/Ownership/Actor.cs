using IdentityServer.Storage.Entities;

namespace IdentityServer.Ownership;

/// <summary>Who wants to do something with a client.</summary>
internal abstract record Actor
{
    private Actor()
    {
    }

    /// <summary>A person, signed in here or through a tool that acts for them.</summary>
    public sealed record Person(User User) : Actor
    {
        public override string ToString() => $"person {User.Id}";
    }

    /// <summary>A client that acts for itself: it may manage itself, and the clients whose owners let it.</summary>
    /// <param name="ClientRowId">The client's row.</param>
    public sealed record Machine(string ClientRowId) : Actor;
}
