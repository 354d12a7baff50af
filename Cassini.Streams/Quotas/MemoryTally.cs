namespace Cassini.Streams.Quotas;

/// <summary>
/// The memory of what one holder has, such as a queue: told to its account in lumps, because each change there is seen by all threads.
/// What the account does not know of is less than an eighth of what it knows, and less than 4 KiB; nothing once the holder has nothing.
/// Belongs to the holder's lock.
/// </summary>
internal sealed class MemoryTally(AccountMemory memory)
{
    private const int Lump = 4096;
    private const int Part = 8;

    private int _count;
    private long _told;
    private long _own;
    private long _added;

    /// <summary>The memory of its identity.</summary>
    public AccountMemory Memory => memory;

    /// <summary>The holder has one thing more.</summary>
    /// <param name="own">How much more its identity has then.</param>
    /// <param name="added">How much more all have together then.</param>
    public void Take(long own, long added)
    {
        _count++;
        Change(own, added);
    }

    /// <summary>It has one thing less.</summary>
    /// <param name="own">How much less its identity has then; it may differ from what was taken, because others may share it.</param>
    /// <param name="added">How much less all have together then.</param>
    public void Return(long own, long added)
    {
        _count--;
        Change(-own, -added);
    }

    private void Change(long own, long added)
    {
        _own += own;
        _added += added;
        var untold = Math.Max(Math.Abs(_own), Math.Abs(_added));
        if (untold >= Lump || untold * Part >= _told || _count == 0)
        {
            Tell();
        }
    }

    private void Tell()
    {
        if (_own >= 0 && _added >= 0)
        {
            memory.Take(_own, _added);
        }
        else
        {
            // Also when only one of the two falls: there may be who waits for that.
            memory.Return(-_own, -_added);
        }

        _told = _count == 0 ? 0 : _told + _own;
        _own = 0;
        _added = 0;
    }
}
