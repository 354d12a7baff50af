namespace Cassini.Harness.Clients;

/// <summary>A client failed: a file cannot be used, a connection failed, or the broker refused. The message is one line.</summary>
/// <param name="message">The line.</param>
/// <param name="isLasting">Whether another attempt would fail too, because of a file or a refusal of the broker.</param>
/// <param name="cause">The exception that it was made from; null for none.</param>
internal sealed class ClientException(string message, bool isLasting = false, Exception? cause = null) : Exception(message, cause)
{
    public bool IsLasting => isLasting;
}
