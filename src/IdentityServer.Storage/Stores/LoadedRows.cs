namespace IdentityServer.Storage.Stores;

/// <summary>
/// Rows that this scope has read or written, so that the many handlers of one request read each row once. Emptied when rows change
/// behind it: by a statement over many rows, or by a rollback.
/// </summary>
internal sealed class LoadedRows<TRow>(UnitOfWork unit)
    where TRow : class
{
    private readonly Dictionary<string, TRow> _rows = new(StringComparer.Ordinal);
    private int _rollbacks;

    public TRow? Find(string id) => Rows.GetValueOrDefault(id);

    public TRow? Find(Func<TRow, bool> predicate) => Rows.Values.FirstOrDefault(predicate);

    public void Keep(string id, TRow row) => Rows[id] = row;

    public void Forget(string id) => Rows.Remove(id);

    public void ForgetAll() => Rows.Clear();

    private Dictionary<string, TRow> Rows
    {
        get
        {
            if (_rollbacks != unit.Rollbacks)
            {
                _rollbacks = unit.Rollbacks;
                _rows.Clear();
            }

            return _rows;
        }
    }
}
