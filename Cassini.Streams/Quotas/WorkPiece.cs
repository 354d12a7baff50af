namespace Cassini.Streams.Quotas;

/// <summary>A piece of work from its beginning: its end counts what it took, and leaves its turn. It ends once.</summary>
/// <param name="turns">The turns.</param>
/// <param name="time">The clock.</param>
/// <param name="account">Whose work it is.</param>
/// <param name="isInTurn">Whether it has a turn.</param>
internal readonly struct WorkPiece(WorkTurns turns, TimeProvider time, Account account, bool isInTurn) : IDisposable
{
    private readonly long _began = time.GetTimestamp();

    public void Dispose()
    {
        var ended = time.GetTimestamp();
        account.Work?.Add(ended - _began, ended, time.TimestampFrequency);
        if (isInTurn)
        {
            turns.Leave();
        }
    }
}
