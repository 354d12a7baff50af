using Cassini.Streams.Events;

namespace Cassini.Streams.Supervision;

/// <summary>Makes the event of a crash. Its message is bounded: an exception may quote what a peer sent.</summary>
internal static class CrashReport
{
    private const int MaxMessage = 500;

    public static Crashed Of(Component component, Exception crash, int attempt, TimeSpan? restartIn)
    {
        var message = crash.Message.Length <= MaxMessage ? crash.Message : crash.Message[..MaxMessage] + "…";
        return new Crashed(component, crash.GetType().Name, message, attempt, restartIn);
    }
}
