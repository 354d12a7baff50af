using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Store;

/// <summary>Drops the groups whose living part was written anew. Used by the committer, between its groups.</summary>
/// <param name="ledger">Where they lie.</param>
/// <param name="rewrite">Which these are.</param>
/// <param name="buffer">Is signalled while there are more to drop.</param>
/// <param name="logger">Where it logs.</param>
internal sealed class GroupTrimmer(LedgerConnection ledger, JournalRewrite rewrite, ChangeBuffer buffer, ILogger logger)
{
    private bool _isFailing;

    /// <summary>Drops some of them; more after the next group, so that none waits for all.</summary>
    public async ValueTask TrimAsync()
    {
        if (!ledger.IsOpen || !rewrite.IsDropping)
        {
            return;
        }

        bool isDone;
        try
        {
            isDone = await ledger.TrimAsync(rewrite.DropBefore);
            _isFailing = false;
        }
        catch (IOException failure)
        {
            if (!_isFailing)
            {
                StoreLog.TrimFailed(logger, failure);
            }

            // They are tried again with the next group, at the latest in a second.
            _isFailing = true;
            return;
        }

        if (isDone)
        {
            rewrite.NoteDropped();
        }
        else
        {
            buffer.Signal();
        }
    }
}
