using System.CommandLine;
using Cassini.Harness;
using Cassini.Streams.Settings.Reading;
using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Manual;
using Cassini.Web.Cli.Serving;
using Cassini.Web.Cli.Settings;

namespace Cassini.Web.Cli;

/// <summary><c>cassini serve</c>: the broker and its management, until a signal.</summary>
internal static class ServeCommand
{
    private const string Port = "the port is part of --bind HOST:PORT";

    private static readonly string Notes = $"""
        Settings come from appsettings.json, then the environment, then flags: the later one wins. CASSINI__Section__Key sets
        any of them from the environment. All of them are checked before anything starts, and every error is reported at once.
        Durations are written 500ms, 5s, 2m, 1h, 14d or hh:mm:ss.

        With no certificates configured and only loopback addresses, development certificates are made once and kept in
        DATA-DIR/dev-certs, or else in ~/.local/share/cassini/dev-certs.

        SIGTERM and Ctrl-C stop gracefully with exit code {ExitCode.Ok}; a second one cuts that short. The log goes to standard error.
        SIGHUP makes it read the settings and the certificate files at once: access rules and log levels are in force without a
        restart. It notifies systemd of readiness, status and reloads
        (docs/operate/neighbours.md).
        """;

    public static Command Create(CliContext context)
    {
        var flags = new SettingsFlags();
        var command = new DocumentedCommand(CommandLine.DefaultCommand, "Runs the broker and its management. The default command.")
        {
            Examples =
            [
                ("cassini", "127.0.0.1:8883 with development certificates, management on 127.0.0.1:9090"),
                (
                    "cassini --bind 127.0.0.1:8883 --bind '[::1]:8883' --set Health:Hold=30s",
                    "two endpoints, and a longer hold after crashes"),
                ("cassini --bind 0.0.0.0:8883 --ca ca.pem --cert server.pem --key server.key", "open to the network"),
            ],
            Instead = new Dictionary<string, string> { ["-p"] = Port, ["--port"] = Port, ["-c"] = "did you mean '--config'?" },
            Notes = Notes,
        };
        flags.AddTo(command);
        command.SetAction((parsed, _) => RunAsync(context, flags.ConfigFile(parsed), flags.Read(parsed)));
        return command;
    }

    private static async Task<int> RunAsync(CliContext context, string? configFile, SettingsLayer flags)
    {
        // From the very start: the system ends a process that has not said that it wants the signal.
        var hangups = new HangupRequests();
        context.OnHangup(hangups.Add);
        var errors = new List<string>();
        var source = new SettingsSource(context, configFile, flags);
        var settings = source.Load(errors, out var options);
        using var logging = ProcessLogging.Create(options, settings?.LogLevels ?? new Dictionary<string, LogLevel>(), context);
        if (settings is null)
        {
            Report(context, options, logging, errors);
            return ExitCode.Error;
        }

        return await new Server(settings, source, context, hangups, logging).RunAsync();
    }

    private static void Report(CliContext context, LoggingOptions options, ProcessLogging logging, IReadOnlyList<string> errors)
    {
        if (options.Format == LogFormat.Json)
        {
            var logger = logging.Loggers.CreateLogger<Server>();
            foreach (var error in errors)
            {
                ServingLog.Refused(logger, error);
            }

            return;
        }

        context.Complain(errors is [var only] ? only : $"{errors.Count} settings are wrong:");
        foreach (var error in errors.Where(_ => errors.Count > 1))
        {
            context.Error.WriteLine($"  {error}");
        }
    }
}
