using Microsoft.EntityFrameworkCore.Metadata;

namespace IdentityServer.Storage.Mappings;

internal static class IndexRemoval
{
    /// <summary>Takes out an index that a library's mapping declares and nothing of ours uses.</summary>
    public static void RemoveIndexOn(this IMutableEntityType entity, params string[] properties)
    {
        var index = entity.GetIndexes().Single(index => index.Properties.Select(property => property.Name).SequenceEqual(properties));
        entity.RemoveIndex(index);
    }
}
