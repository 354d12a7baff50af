namespace Cassini.Web.Cli.Messaging;

/// <summary>What went wrong between a client and its broker, as one line for people.</summary>
/// <param name="message">The line.</param>
/// <param name="isLasting">Whether trying again is of no use: the broker, or a file, says no.</param>
/// <param name="cause">What was caught, if anything.</param>
internal sealed class MessagingException(string message, bool isLasting = false, Exception? cause = null) : Exception(message, cause)
{
    public bool IsLasting => isLasting;
}
