using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Cassini.Streams.Primitives;

/// <summary>
/// The threads on which .NET reports that something happened on a socket; there are a few, and each has many sockets. As a rule it hands
/// what waits for a socket to the thread pool, which costs about as much as everything else that is done for a single message. In
/// <c>cassini serve</c> it goes on right there (<see cref="GoOnThere"/>). So nothing that takes long may run on one: whoever waits for a
/// socket, and may have more to do than a slice of work, goes on with <see cref="LeaveAsync"/>. Thread-safe.
/// </summary>
internal static class SocketThread
{
    private const string Switch = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
    private const string Name = ".NET Sockets";

    [ThreadStatic]
    private static bool? _isCurrent;

    /// <summary>Whether this is one.</summary>
    public static bool IsCurrent => _isCurrent ??= Thread.CurrentThread.Name == Name;

    /// <summary>
    /// What waits for a socket goes on on the socket's thread, in the whole process. Before its first socket. Whoever has set the
    /// runtime's own variable has decided otherwise.
    /// </summary>
    public static void GoOnThere()
    {
        if (Environment.GetEnvironmentVariable(Switch) is null)
        {
            Environment.SetEnvironmentVariable(Switch, "1");
        }
    }

    /// <summary>What follows may take long, so it must not run here. Looked at in debug builds only, as the tests are.</summary>
    /// <exception cref="InvalidOperationException">This is the thread of sockets.</exception>
    [Conditional("DEBUG")]
    public static void Forbid()
    {
        if (IsCurrent)
        {
            throw new InvalidOperationException("What may take long runs on the thread of sockets, where all others wait for it.");
        }
    }

    /// <summary>What follows runs on the thread pool, if this is the thread of sockets; otherwise on this thread.</summary>
    public static Departure LeaveAsync() => default;

    /// <summary>What to await.</summary>
    public readonly struct Departure : ICriticalNotifyCompletion
    {
        /// <summary>Whether this thread need not be left.</summary>
        public bool IsCompleted => !IsCurrent;

        /// <summary>Itself.</summary>
        public Departure GetAwaiter() => this;

        /// <inheritdoc/>
        public void OnCompleted(Action continuation) =>
            ThreadPool.QueueUserWorkItem(static next => next(), continuation, preferLocal: false);

        /// <inheritdoc/>
        public void UnsafeOnCompleted(Action continuation) =>
            ThreadPool.UnsafeQueueUserWorkItem(static next => next(), continuation, preferLocal: false);

        /// <summary>Nothing.</summary>
        public void GetResult()
        {
        }
    }
}
