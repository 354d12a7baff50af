using System.Buffers;
using Cassini.Streams.Store.Ledgers;
using Cassini.Streams.Store.Ledgers.Sqlite;

namespace Cassini.Streams.Store.Maintenance;

/// <summary>
/// Reads groups in their order, as far as SQLite can. Behind a page that is damaged it goes on with the first group that can be read.
/// </summary>
internal sealed class GroupSalvage : IDisposable
{
    /// <summary>So many numbers are tried one by one; behind them the steps double. A damaged leaf has fewer.</summary>
    private const long SmallSteps = 512;

    private readonly Statement _select;
    private readonly Statement _find;
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private SalvagedGroup _found;
    private IOException? _failure;

    /// <exception cref="LedgerDamagedException">The table of groups cannot be found.</exception>
    public GroupSalvage(Database database)
    {
        _select = database.Prepare("SELECT number, total, data FROM groups WHERE number >= ?1 ORDER BY number");
        _find = database.Prepare("SELECT number FROM groups WHERE number >= ?1 ORDER BY number LIMIT 1");
    }

    /// <summary>All groups, and those between them that cannot be read. Numbers that are not there at all are left out.</summary>
    /// <exception cref="IOException">The disk says no.</exception>
    public IEnumerable<SalvagedGroup> Read()
    {
        var next = long.MinValue;
        var begin = true;
        while (true)
        {
            if (begin)
            {
                _select.Reset();
                _select.Bind(1, next);
                begin = false;
            }

            if (TryStep())
            {
                yield return _found;
                next = _found.Number + 1;
            }
            else if (_failure is not { } failure)
            {
                yield break;
            }
            else
            {
                var from = FirstOf(next);
                var to = FindBehind(from);
                yield return new SalvagedGroup(from, to is null ? long.MaxValue : to.Value - 1, 0, default, failure.Message);
                if (to is null)
                {
                    yield break;
                }

                next = to.Value;
                begin = true;
            }
        }
    }

    public void Dispose()
    {
        _select.Dispose();
        _find.Dispose();
    }

    /// <summary>The next group.</summary>
    /// <returns>Whether there is one; if not, <see cref="_failure"/> says why, unless the last one was the last.</returns>
    private bool TryStep()
    {
        _failure = null;
        try
        {
            if (!_select.Step())
            {
                return false;
            }

            _bytes.ResetWrittenCount();
            _bytes.Write(_select.Bytes(2));
            _found = new SalvagedGroup(_select.Number(0), _select.Number(0), _select.Number(1), _bytes.WrittenMemory);
            return true;
        }
        catch (LedgerDamagedException damaged)
        {
            _failure = damaged;
            return false;
        }
    }

    /// <summary>The number of the row that cannot be read, when its key can; else the number itself.</summary>
    private long FirstOf(long number) => TryFind(number, out var found) && found is { } row ? row : Math.Max(number, 0);

    /// <summary>The first number behind a group from which on groups can be read; null when there is none.</summary>
    private long? FindBehind(long number)
    {
        for (var step = 1L; step <= SmallSteps; step++)
        {
            if (TryFind(number + step, out var found))
            {
                return found;
            }
        }

        var unreadable = number + SmallSteps;
        for (var step = SmallSteps; step < long.MaxValue / 4 && unreadable < long.MaxValue / 2; step *= 2)
        {
            if (TryFind(number + step, out var found))
            {
                return found is null ? null : FirstReadable(unreadable, number + step);
            }

            unreadable = number + step;
        }

        return null;
    }

    /// <summary>The first readable one between two numbers, if all that cannot be read are next to each other.</summary>
    private long? FirstReadable(long unreadable, long readable)
    {
        while (readable - unreadable > 1)
        {
            var middle = unreadable + ((readable - unreadable) / 2);
            (unreadable, readable) = TryFind(middle, out _) ? (unreadable, middle) : (middle, readable);
        }

        return TryFind(readable, out var found) ? found : null;
    }

    private bool TryFind(long from, out long? found)
    {
        found = null;
        _find.Reset();
        _find.Bind(1, from);
        try
        {
            found = _find.Step() ? _find.Number(0) : null;
            return true;
        }
        catch (LedgerDamagedException)
        {
            return false;
        }
    }
}
