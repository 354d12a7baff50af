using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Feed;

namespace Cassini.Web.Cli.Following;

/// <summary>How a command gets into the feeds that it follows: the same options for all of them.</summary>
internal sealed class FeedAccess
{
    private readonly Option<string?> _token = new("--token-file")
    {
        HelpName = "FILE",
        Description = "A file with the bearer token; read again at every connect.",
    };

    private readonly Option<string?> _ca = new("--ca") { HelpName = "FILE", Description = "For https: the authorities to trust instead of the machine's, PEM." };
    private readonly Option<string?> _certificate = new("--cert") { HelpName = "FILE", Description = "For https: the client certificate with its chain, PEM; needs --key." };
    private readonly Option<string?> _key = new("--key") { HelpName = "FILE", Description = "The client certificate's key, PEM; needs --cert." };

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

    /// <exception cref="FeedAccessException">A file cannot be used.</exception>
    public HealthFeedOptions Read(ParseResult parsed, CliContext context) => new()
    {
        Time = context.Time,
        Token = parsed.GetValue(_token) is { } file ? TokenOf(Path.Combine(context.WorkingDirectory, file)) : null,
        TrustedAuthorities = parsed.GetValue(_ca) is { } ca ? Load("--ca", ca, context, Authorities) : [],
        ClientCertificate = parsed.GetValue(_certificate) is { } certificate
            ? Load("--cert", certificate, context, path => X509Certificate2.CreateFromPemFile(path, Path.Combine(context.WorkingDirectory, parsed.GetValue(_key)!)))
            : null,
    };

    /// <summary>Read at once, so that a wrong name is told before the start, and again at every connect.</summary>
    private static Func<string?> TokenOf(string path)
    {
        var known = ReadToken(path);
        return () =>
        {
            try
            {
                return known = ReadToken(path);
            }
            catch (FeedAccessException)
            {
                // It is being exchanged: the one before may still do.
                return known;
            }
        };
    }

    private static string ReadToken(string path)
    {
        try
        {
            var token = File.ReadAllText(path).Trim();
            return token.Length > 0 && token.All(c => c is > ' ' and < '\x7f')
                ? token
                : throw new FeedAccessException($"--token-file '{path}' holds no token: expected one line of printable ASCII");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new FeedAccessException($"--token-file '{path}' cannot be read: {failure.Message}");
        }
    }

    private static X509Certificate2Collection Authorities(string path)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(path);
        return authorities.Count > 0 ? authorities : throw new CryptographicException("there is no certificate in it");
    }

    private static T Load<T>(string option, string file, CliContext context, Func<string, T> load)
    {
        var path = Path.Combine(context.WorkingDirectory, file);
        try
        {
            return load(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new FeedAccessException($"{option} '{path}' cannot be used: {failure.Message}");
        }
    }
}

/// <summary>A file that is to open a feed cannot be used.</summary>
internal sealed class FeedAccessException(string message) : Exception(message);
