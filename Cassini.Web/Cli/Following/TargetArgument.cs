using System.CommandLine.Parsing;
using Cassini.Harness.Clients;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Following;

/// <summary>Reads the URLs of a command.</summary>
internal static class TargetArgument
{
    /// <summary>The management port of a Cassini on this machine with default settings.</summary>
    public static readonly ManagementAddress Default = new("http://127.0.0.1:9090", new Uri("http://127.0.0.1:9090/"));

    public static ManagementAddress[] Read(ArgumentResult result)
    {
        var targets = new List<ManagementAddress>();
        foreach (var token in result.Tokens)
        {
            if (HostPort.TryParse(token.Value, out _) && ManagementAddress.TryParse($"http://{token.Value}", out var plain, out _))
            {
                targets.Add(plain! with { Name = token.Value });
            }
            else if (ManagementAddress.TryParse(token.Value, out var target, out var error))
            {
                targets.Add(target!);
            }
            else
            {
                result.AddError($"{error} or HOST:PORT");
            }
        }

        return [.. targets];
    }
}
