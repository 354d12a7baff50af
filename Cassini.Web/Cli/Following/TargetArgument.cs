using System.CommandLine.Parsing;
using Cassini.Harness.Clients;

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
            if (ManagementAddress.TryParse(token.Value, out var target, out var error))
            {
                targets.Add(target!);
            }
            else
            {
                result.AddError(error!);
            }
        }

        return [.. targets];
    }
}
