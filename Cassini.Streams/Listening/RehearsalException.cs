namespace Cassini.Streams.Listening;

/// <summary>The exception of a crash that was asked for.</summary>
internal sealed class RehearsalException : Exception
{
    public RehearsalException(string message)
        : base(message)
    {
    }
}
