using Cassini.Harness.Clients;
using System.CommandLine.Parsing;

namespace Cassini.Web.Cli.Waiting;

/// <summary>Reads the URLs of a command.</summary>
internal static class TargetArgument
{
    /// <summary>The management port of a Cassini on this machine that nobody configured.</summary>
    public static readonly WaitTarget Default = new("http://127.0.0.1:9090", new Uri("http://127.0.0.1:9090/"));

    public static WaitTarget[] Read(ArgumentResult result)
    {
        var targets = new List<WaitTarget>();
        foreach (var token in result.Tokens)
        {
            if (WaitTarget.TryParse(token.Value, out var target, out var error))
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
