using System.CommandLine;
using Cassini.Harness;
using Cassini.Streams.Primitives;
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
        var hosts = new Option<string[]>("--host")
        {
            HelpName = "NAME",
            Description = "A name or address of the server beside localhost, 127.0.0.1 and ::1, also *.example.org. Repeatable.",
        };
        var revoked = new Option<string[]>("--revoke")
        {
            HelpName = "NAME",
            Description = $"Puts the certificate in NAME.pem on the CA's revocation list, {DevelopmentCertificates.ListFile}. Repeatable.",
        };
        var list = new Option<bool>("--list") { Description = "Only shows which certificates there are, and until when each is valid." };
        var command = new DocumentedCommand("certs", "Makes a CA and certificates for development, and keeps valid ones that exist.")
        {
            Examples =
            [
                ("cassini certs ./certs", "ca, server, client and canary, each as NAME.pem and NAME.key"),
                ("cassini certs ./certs --client alice --client bob", "and two more clients of the same CA"),
                ("cassini certs ./certs --host broker.example.org --host 192.0.2.7", "clients reach the server by these names too"),
                ("cassini certs ./certs --revoke bob", "serve with --crl certs/ca.crl, and bob is refused from then on"),
                ("cassini certs ./certs --list", "which there are, and until when"),
                (
                    "cassini serve --ca certs/ca.pem --cert certs/server.pem --key certs/server.key "
                    + "--set Probing:CanaryCertificatePath=certs/canary.pem --set Probing:CanaryKeyPath=certs/canary.key",
                    "serves with them, and the canary connects with its own"),
                (
                    "cassini sub 'greetings/#' --ca certs/ca.pem --cert certs/alice.pem --key certs/alice.key",
                    "and alice receives messages"),
            ],
            Notes = $"""
                A certificate is renewed 30 days before it ends, by any later run, and so is the revocation list. A revoked certificate is
                not renewed: for a new one remove NAME.pem and NAME.key. Who has a copy of a certificate that was renewed meanwhile is not
                on the list with it.

                Exit codes: {ExitCode.Ok} done, {ExitCode.Error} a file cannot be used or written, {ExitCode.Usage} wrong usage.
                """,
        };
        command.Arguments.Add(directory);
        command.Options.Add(clients);
        command.Options.Add(hosts);
        command.Options.Add(revoked);
        command.Options.Add(list);
        command.Validators.Add(result =>
        {
            if (result.GetResult(list) is not null && new[] { clients, hosts, revoked }.Any(other => result.GetResult(other) is not null))
            {
                result.AddError("--list goes with no other option");
            }
        });
        command.SetAction(parsed => Run(
            context,
            Path.GetFullPath(parsed.GetRequiredValue(directory), context.WorkingDirectory),
            parsed.GetValue(list)
                ? null
                : new DevelopmentCertificateRequest
                {
                    Clients = [.. parsed.GetValue(clients) ?? []],
                    Hosts = [.. parsed.GetValue(hosts) ?? []],
                    Revoked = [.. parsed.GetValue(revoked) ?? []],
                }));
        return command;
    }

    /// <param name="context">Where the output goes.</param>
    /// <param name="path">The directory.</param>
    /// <param name="request">What it is to have; null to list what it has.</param>
    private static int Run(CliContext context, string path, DevelopmentCertificateRequest? request)
    {
        try
        {
            foreach (var line in request is null ? Listed(path, context.Time) : Made(path, context.Time, request))
            {
                context.Out.WriteLine(line);
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

    private static IEnumerable<string> Made(string path, TimeProvider time, DevelopmentCertificateRequest request) =>
        DevelopmentCertificates.Ensure(path, time, request).Select(file =>
            $"{file.Outcome.ToString().ToLowerInvariant(),-8} {file.Path}{(file.Reason is null ? "" : $" ({file.Reason})")}");

    private static IEnumerable<string> Listed(string path, TimeProvider time)
    {
        var all = DevelopmentCertificates.List(path, time);
        var widest = all.Max(one => one.Name.Length);
        return all.Select(one => string.Join(
            "  ",
            new[]
            {
                SafeText.Of(one.Name).PadRight(widest),
                one.State.ToString().ToLowerInvariant().PadRight(10),
                one.NotAfter is { } end ? $"until {end:u}" : "",
                string.Join(' ', one.Hosts.Select(host => SafeText.Of(host))),
            }).TrimEnd());
    }
}
