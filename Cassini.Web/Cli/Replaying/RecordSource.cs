using Cassini.Harness.Clients;
using Cassini.Streams.Feed;
using Cassini.Streams.Primitives;
using Cassini.Streams.Store.History;
using Cassini.Web.Cli.Context;
using Cassini.Web.Cli.Settings;

namespace Cassini.Web.Cli.Replaying;

/// <summary>Where a record comes from: standard input, its file, the history in a data directory, or that of a running broker.</summary>
/// <param name="given">As the command line names it.</param>
/// <param name="since">Where the record of a history begins; null for all of it.</param>
/// <param name="access">How a broker is reached.</param>
/// <param name="context">The working directory and standard input.</param>
internal sealed class RecordSource(string given, DateTimeOffset? since, HealthFeedOptions access, CliContext context) : IDisposable
{
    /// <summary>How long a broker may take until its answer begins.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly string[] HistoryDirectories = ["", SettingsLoader.HistoryName, SettingsLoader.EarlierHistoryName];

    private readonly ManagementClient? _broker = ManagementAddress.TryParse(given, out var address, out _)
        ? new ManagementClient(address!.Management, access, Patience)
        : null;

    /// <summary>Its name, for problems.</summary>
    public string Name => given == "-" ? "standard input" : SafeText.Of(given);

    /// <summary>Whether it is a running broker.</summary>
    public bool IsBroker => _broker is not null;

    /// <summary>Its full path, for problems.</summary>
    public string Path => System.IO.Path.Combine(context.WorkingDirectory, given);

    /// <summary>Opens it.</summary>
    /// <exception cref="ClientException">The broker refuses, or cannot be reached.</exception>
    /// <exception cref="InvalidDataException">It is no record, and no history that can be read: the message ends a sentence.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no permission for it.</exception>
    public async Task<Stream> OpenAsync()
    {
        if (given == "-")
        {
            return OnlyWhole(context.OpenIn());
        }

        if (_broker is not null)
        {
            var begin = since is { } time ? $"&since={Uri.EscapeDataString(time.ToString("O"))}" : "";
            return await _broker.OpenAsync($"events?record=true{begin}", context.Signals.Stop);
        }

        var path = Directory.Exists(Path) ? HistoryIn(Path) : Path;
        if (RegularFile.IsPipe(path))
        {
            throw new InvalidDataException("is a pipe: name '-' and give the record to standard input");
        }

        return HistoryArchive.IsDatabase(path)
            ? HistoryArchive.Open(path, since)
            : OnlyWhole(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
    }

    public void Dispose() => _broker?.Dispose();

    private static string HistoryIn(string directory) =>
        HistoryDirectories.Select(name => System.IO.Path.Combine(directory, name, HistoryConnection.FileName)).FirstOrDefault(File.Exists)
        ?? throw new InvalidDataException(
            $"is a directory without a history: there is neither {HistoryConnection.FileName} nor "
            + $"{SettingsLoader.HistoryName}/{HistoryConnection.FileName} in it");

    private Stream OnlyWhole(Stream record)
    {
        if (since is null)
        {
            return record;
        }

        record.Dispose();
        throw new InvalidDataException("is no history, and --since goes with one");
    }
}
