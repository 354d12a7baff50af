namespace Cassini.Streams.Listening;

/// <summary>The exception of a crash that was asked for.</summary>
public sealed class RehearsalException : Exception
{
    internal RehearsalException(string message)
        : base(message)
    {
    }
}
