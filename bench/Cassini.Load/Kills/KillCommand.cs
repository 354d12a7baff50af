using System.Globalization;

namespace Cassini.Load.Kills;

/// <summary>
/// Starts a broker by a command and kills it under load. One line: <c>kills</c> and key=value pairs, or <c>unable</c> and why.
/// </summary>
internal static class KillCommand
{
    /// <exception cref="FormatException">Something is missing.</exception>
    public static async Task RunAsync(string[] arguments)
    {
        var end = Array.IndexOf(arguments, "--");
        var options = LoadOptions.Parse(arguments.AsSpan(0, Math.Max(0, end)));
        var command = arguments[(end + 1)..];
        if (end < 0 || command.Length == 0 || options.Port == 0 || options.Certificates is null)
        {
            throw new FormatException("--port, --certs and a command behind -- are needed");
        }

        var tls = new ClientTls(options.Certificates);
        try
        {
            var tally = await new KillRun(options, tls, () => BrokerProcess.StartAsync(command, options, tls)).RunAsync();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"kills rounds={options.Kills} acknowledged={tally.Acknowledged} lost={tally.Lost} twice={tally.Twice} "
                + $"out_of_order={tally.OutOfOrder} sessions_lost={tally.SessionsLost} qos={options.QoS} seed={options.Seed}"));
        }
        catch (Exception failure) when (failure is LoadException or IOException)
        {
            Console.WriteLine($"kills unable {failure.Message}");
        }
    }
}
