using System.CommandLine;
using Cassini.Harness.Clients;
using Cassini.Streams.Feed;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Following;

/// <summary>The options for the token and the certificates of a command that follows feeds.</summary>
internal sealed class FeedAccess
{
    private readonly Option<string?> _token = new("--token-file")
    {
        HelpName = "FILE",
        Description = $"A file with the bearer token; read again at every connect. [{ManagementAccess.TokenVariable}]",
    };

    private readonly Option<string?> _ca = new("--ca")
    {
        HelpName = "FILE",
        Description = "For https: the authorities to trust instead of the machine's, PEM.",
    };
    private readonly Option<string?> _certificate = new("--cert")
    {
        HelpName = "FILE",
        Description = "For https: the client certificate with its chain, PEM; needs --key.",
    };
    private readonly Option<string?> _key = new("--key")
    {
        HelpName = "FILE",
        Description = "The client certificate's key, PEM; needs --cert.",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_token);
        command.Options.Add(_ca);
        command.Options.Add(_certificate);
        command.Options.Add(_key);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_certificate) is null != result.GetResult(_key) is null)
            {
                result.AddError("--cert and --key go together");
            }
        });
    }

    /// <exception cref="ClientException">A file cannot be used.</exception>
    public HealthFeedOptions Read(ParseResult parsed, CliContext context)
    {
        string? Full(Option<string?> option) => parsed.GetValue(option) is { } file ? Path.Combine(context.WorkingDirectory, file) : null;
        return ManagementAccess.Of(
            new TlsFiles(TlsSettingNames.Options, Full(_ca), Full(_certificate), Full(_key)),
            Full(_token) is { } token ? new TokenFile(_token.Name, token)
                : context.Environment.GetValueOrDefault(ManagementAccess.TokenVariable) is { Length: > 0 } file
                    ? new TokenFile(ManagementAccess.TokenVariable, Path.Combine(context.WorkingDirectory, file))
                : null,
            context.Time);
    }
}
