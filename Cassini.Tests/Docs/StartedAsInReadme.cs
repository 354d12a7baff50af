using Cassini.Tests.Cli;
using Cassini.Tests.Support;

namespace Cassini.Tests.Docs;

/// <summary>
/// Cassini as the README's first command starts it, but on free ports and with a data directory of its own: several tests run
/// at once, and a developer's own Cassini may be running too.
/// </summary>
public sealed class StartedAsInReadme : IAsyncLifetime
{
    /// <summary>What the SDK may take on a busy machine.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly TempDirectory _directory = new();
    private ChildProcess? _cassini;
    private string _broker = "";

    public string Management { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        _cassini = Run(ReadmeCommands.Start);
        Management = (await _cassini.Out.LineAsync(
            "the start-up text", line => line.StartsWith("  dashboard", StringComparison.Ordinal), Patience)).Split(' ')[^1];
        _broker = _cassini.Out.Lines.First(line => line.StartsWith("  broker", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
    }

    /// <summary>Runs a command of the README where this Cassini is what the README's Cassini is.</summary>
    /// <param name="command">The command.</param>
    /// <param name="data">Where it keeps its data, if not where this Cassini does.</param>
    internal ChildProcess Run(string command, string? data = null) => ChildProcess.Paste(
        command
            .Replace("127.0.0.1:8883", _broker, StringComparison.Ordinal)
            .Replace("-p 8883", $"-p {_broker.Split(':')[^1]}", StringComparison.Ordinal)
            .Replace("http://127.0.0.1:9090", Management, StringComparison.Ordinal)
            .Replace("~/.local/share/cassini", _directory.Path, StringComparison.Ordinal)
            .Replace("./certs", _directory.File("certs"), StringComparison.Ordinal),
        Repository.Root,
        ("CASSINI_BIND_ADDR", "127.0.0.1:0"),
        ("CASSINI_MANAGEMENT_ADDR", "127.0.0.1:0"),
        ("CASSINI_DATA_DIR", data ?? _directory.Path),

        // Build servers would outlive the command, and with it hold the pipes that this test reads to their end.
        ("MSBUILDDISABLENODEREUSE", "1"),
        ("DOTNET_CLI_USE_MSBUILD_SERVER", "0"),
        ("UseSharedCompilation", "false"));

    public async ValueTask DisposeAsync()
    {
        if (_cassini is not null)
        {
            await _cassini.DisposeAsync();
        }

        _directory.Dispose();
    }
}
