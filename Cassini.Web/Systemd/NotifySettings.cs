using System.Globalization;
using System.Net.Sockets;

namespace Cassini.Web.Systemd;

/// <summary>
/// What the service manager asked for, in the variables that it sets for a unit of Type=notify (sd_notify(3), sd_watchdog_enabled(3)).
/// </summary>
/// <param name="Socket">Where it listens.</param>
/// <param name="Watchdog">The time within which it expects a sign that the process works; null when it expects none.</param>
internal sealed record NotifySettings(UnixDomainSocketEndPoint Socket, TimeSpan? Watchdog)
{
    public const string SocketVariable = "NOTIFY_SOCKET";
    public const string WatchdogVariable = "WATCHDOG_USEC";
    public const string WatchdogProcessVariable = "WATCHDOG_PID";

    /// <summary>With a shorter time a process would do nothing but notify.</summary>
    private const long LeastWatchdogMicroseconds = 10_000;

    /// <summary>The settings; null without a service manager, or when its socket is none.</summary>
    /// <param name="environment">The variables of the process.</param>
    /// <param name="process">The id of the process.</param>
    /// <param name="problems">What is wrong with them, each a sentence: none of it keeps a broker from running.</param>
    public static NotifySettings? Read(IReadOnlyDictionary<string, string> environment, int process, ICollection<string> problems)
    {
        if (environment.GetValueOrDefault(SocketVariable) is not { Length: > 0 } socket)
        {
            return null;
        }

        if (socket[0] is not ('/' or '@') || socket.Length == 1)
        {
            problems.Add($"{SocketVariable}={socket} is neither a path nor an abstract name (@name)");
            return null;
        }

        try
        {
            // A name in the abstract namespace begins with a zero byte (unix(7)).
            var endpoint = new UnixDomainSocketEndPoint(socket[0] == '@' ? $"\0{socket[1..]}" : socket);
            return new NotifySettings(endpoint, ReadWatchdog(environment, process, problems));
        }
        catch (ArgumentException)
        {
            problems.Add($"{SocketVariable} is too long for the name of a socket: {socket.Length} characters");
            return null;
        }
    }

    private static TimeSpan? ReadWatchdog(IReadOnlyDictionary<string, string> environment, int process, ICollection<string> problems)
    {
        if (environment.GetValueOrDefault(WatchdogVariable) is not { Length: > 0 } text)
        {
            return null;
        }

        // The variables reach the children of the process that they are meant for.
        if (environment.GetValueOrDefault(WatchdogProcessVariable) is { Length: > 0 } owner
            && owner != process.ToString(CultureInfo.InvariantCulture))
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds)
            && microseconds >= LeastWatchdogMicroseconds && microseconds <= TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMicrosecond)
        {
            return TimeSpan.FromMicroseconds(microseconds);
        }

        problems.Add($"{WatchdogVariable}={text} is not a number of microseconds of at least {LeastWatchdogMicroseconds}");
        return null;
    }
}
