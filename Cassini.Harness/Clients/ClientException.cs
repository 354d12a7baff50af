namespace Cassini.Harness.Clients;

/// <summary>
/// A client cannot do its work: a file cannot be used, a connection failed, or the broker refused. The message is one line for people.
/// </summary>
/// <param name="message">The line.</param>
/// <param name="isLasting">Whether another attempt is of no use, because a file or the broker says no.</param>
/// <param name="cause">The exception that it was made from; null for none.</param>
internal sealed class ClientException(string message, bool isLasting = false, Exception? cause = null) : Exception(message, cause)
{
    public bool IsLasting => isLasting;
}
