using Cassini.Streams.Events;

namespace Cassini.Streams.Quotas;

/// <summary>
/// The memory that one identity causes to be used. It may have its share, and while that is less than the whole, no more than is left for
/// others; but one that has little is not refused because others have much. Thread-safe.
/// </summary>
internal sealed class AccountMemory(MemoryBudget budget, Account account)
{
    /// <summary>An identity with less than this part of the limit has little.</summary>
    private const int Little = 256;

    /// <summary>Those who wait go on when so much of what they may have is in use.</summary>
    private const double ResumeAt = 0.9;

    /// <summary>How much of the share what waits for clients that are away may bring it to.</summary>
    private const double PartOfAbsent = 0.75;

    private readonly long _little = budget.Limit / Little;
    private readonly LevelWaiters _waiters = new();

    public Account Account => account;

    /// <summary>The most that it may have.</summary>
    public long Share { get; } = account.ShareOf(CapacityResource.Memory).OfLimit(budget.Limit);

    /// <summary>How much it has.</summary>
    public long Held => account.Held(CapacityResource.Memory);

    /// <summary>Whether it must take nothing more that can be refused or can wait.</summary>
    public bool IsClosed => IsClosedAt(1);

    /// <summary>
    /// Whether nothing more is kept for clients that are away: before the share is used up, so that what others send to these does not stop
    /// those that are connected.
    /// </summary>
    public bool IsClosedToAbsent => IsClosedAt(IsShared ? PartOfAbsent : 1);

    /// <summary>
    /// Whether it must not even take what a client that is connected is to get: it has its share, or so much is in use that others would
    /// not get theirs.
    /// </summary>
    public bool IsOverShare => (IsShared && Held >= Share) || budget.IsFull;

    /// <summary>Whether it is refused because of what it has itself.</summary>
    public bool IsOverQuota => !budget.IsExhausted;

    /// <summary>How much all have together, and who has most of it.</summary>
    public ResourceUse UseOfAll => budget.Use;

    /// <summary>Whether it may not have all: the broker itself, and identities with such a quota, may.</summary>
    private bool IsShared => Share < budget.Limit;

    public bool IsOf(MemoryBudget other) => budget == other;

    /// <summary>Takes some, unless it has enough or nothing is left.</summary>
    public bool TryTake(long bytes)
    {
        var may = MayTake(bytes);
        if (may)
        {
            Take(bytes);
        }

        return may;
    }

    /// <summary>
    /// Whether it may take some. Several threads that look and then take at once may together take more, each once.
    /// </summary>
    public bool MayTake(long bytes) =>
        !IsClosed && !(IsShared && Held + bytes > Share)
        && (budget.Used + bytes <= budget.Limit || (IsShared && Held + bytes <= _little));

    /// <summary>Takes what cannot be refused, because something else bounds it.</summary>
    public void Take(long bytes) => budget.Take(account, bytes, bytes);

    /// <summary>The same when a part of it is in use already, by others.</summary>
    /// <param name="own">How much more it has then.</param>
    /// <param name="added">How much more all have together then.</param>
    public void Take(long own, long added) => budget.Take(account, own, added);

    /// <summary>Something was refused because it may not take more.</summary>
    /// <returns>Which limit that was: what it has itself, if others have so much that it may have no more.</returns>
    public CapacityReached NoteRefused()
    {
        if (!IsOverQuota)
        {
            return new CapacityReached(CapacityResource.Memory, budget.Limit);
        }

        budget.NoteOverQuota();
        return new CapacityReached(CapacityResource.Memory, Math.Min(Held, Share), account.Identity);
    }

    /// <summary>Gives back what was taken.</summary>
    public void Return(long bytes) => Return(bytes, bytes);

    /// <inheritdoc cref="Return(long)"/>
    public void Return(long own, long added)
    {
        budget.Return(account, own, added);
        _waiters.Fell(Held);
    }

    /// <summary>Waits until it may take more.</summary>
    /// <returns>False when it may not after <paramref name="patience"/>.</returns>
    public async Task<bool> WaitAsync(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            var (own, all) = (_waiters.Enter(OwnLevel), budget.Waiters.Enter(LevelOfAll));
            try
            {
                // After they are there, so that nothing is missed between the two.
                if (!IsClosedAt(ResumeAt))
                {
                    return true;
                }

                var rest = patience - time.GetElapsedTime(began);
                if (rest <= TimeSpan.Zero)
                {
                    return false;
                }

                Task room = Task.WhenAny(own.Reached, all.Reached);
                await room.WaitAsync(rest, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellationToken.ThrowIfCancellationRequested();
            }
            finally
            {
                _waiters.Leave(own);
                budget.Waiters.Leave(all);
            }
        }
    }

    /// <summary>To what it must fall itself.</summary>
    private long OwnLevel => !IsShared ? long.MinValue : (long)(Math.Min(Share, Math.Max(Held, 1)) * ResumeAt);

    /// <summary>
    /// To what the use of all must fall; what is left must grow by some, so that it is not asked for each little that does.
    /// </summary>
    private long LevelOfAll => IsShared ? budget.Used - (budget.Limit / 20) : (long)(budget.Limit * ResumeAt);

    /// <param name="part">Of what it may have.</param>
    private bool IsClosedAt(double part)
    {
        var used = budget.Used;
        if (!IsShared)
        {
            return used >= budget.Limit * part;
        }

        var held = Held;
        return held >= Share * part || budget.IsFull || (held > _little && held > budget.Limit - used);
    }
}
