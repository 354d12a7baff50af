using Cassini.Management.Http;
using Cassini.Streams.Store.History;

namespace Cassini.Tests.Management.Access;

/// <summary>A management surface that asks for credentials, with rates that no test meets unless it wants to.</summary>
internal static class ClosedRig
{
    public const string Token = "a-token-for-tests-only";

    /// <summary>The header of a caller that has the token.</summary>
    public static readonly (string Name, string Value) Authorization = ("Authorization", $"Bearer {Token}");

    /// <param name="tokenPath">Where the one token is written.</param>
    /// <param name="change">What is different.</param>
    /// <param name="history">Where events are kept; null for nowhere.</param>
    public static Task<ManagementRig> StartAsync(
        string tokenPath, Func<ManagementOptions, ManagementOptions>? change = null, HistoryOptions? history = null)
    {
        File.WriteAllText(tokenPath, $"# for tests\n{Token}\n");
        var options =
            new ManagementOptions { RequireCredentials = true, TokenPath = tokenPath, RequestRate = 10_000, RequestBurst = 10_000 };
        return ManagementRig.StartReadyAsync(change?.Invoke(options) ?? options, history: history);
    }
}
