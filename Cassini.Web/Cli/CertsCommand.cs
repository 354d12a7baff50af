using System.CommandLine;
using Cassini.Harness;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Development;
using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Manual;

namespace Cassini.Web.Cli;

/// <summary><c>cassini certs DIR</c>: a CA and certificates for development.</summary>
internal static class CertsCommand
{
    public static Command Create(CliContext context)
    {
        var directory = new Argument<string>("DIR") { Description = "The directory for the files; created if it is missing." };
        directory.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => token.Value.Length == 0))
            {
                result.AddError("DIR must not be empty");
            }
        });
        var clients = new Option<string[]>("--client")
        {
            HelpName = "NAME",
            Description = "Another client: NAME.pem and NAME.key of the same CA. Repeatable.",
        };
        var command = new DocumentedCommand("certs", "Makes a CA and certificates for development, and keeps valid ones that exist.")
        {
            Examples =
            [
                ("cassini certs ./certs", "ca, server, client and canary, each as NAME.pem and NAME.key"),
                ("cassini certs ./certs --client alice --client bob", "and two more clients of the same CA"),
                (
                    "cassini serve --ca certs/ca.pem --cert certs/server.pem --key certs/server.key "
                    + "--set Probing:CanaryCertificatePath=certs/canary.pem --set Probing:CanaryKeyPath=certs/canary.key",
                    "serves with them, and the canary connects with its own"),
                (
                    "cassini sub 'greetings/#' --ca certs/ca.pem --cert certs/alice.pem --key certs/alice.key",
                    "and alice receives messages"),
            ],
        };
        command.Arguments.Add(directory);
        command.Options.Add(clients);
        command.SetAction(parsed => Run(context, parsed.GetRequiredValue(directory), parsed.GetValue(clients) ?? []));
        return command;
    }

    private static int Run(CliContext context, string directory, string[] clients)
    {
        try
        {
            var path = Path.GetFullPath(directory, context.WorkingDirectory);
            foreach (var file in DevelopmentCertificates.Ensure(path, context.Time, clients))
            {
                context.Out.WriteLine(
                    $"{file.Outcome.ToString().ToLowerInvariant(),-8} {file.Path}{(file.Reason is null ? "" : $" ({file.Reason})")}");
            }

            return ExitCode.Ok;
        }
        catch (ArgumentException exception)
        {
            context.Complain(exception.Message);
            return ExitCode.Usage;
        }
        catch (Exception exception)
            when (!context.IsOutputLost && exception is TlsConfigurationException or IOException or UnauthorizedAccessException)
        {
            context.Complain(exception.Message);
            return ExitCode.Error;
        }
    }
}
