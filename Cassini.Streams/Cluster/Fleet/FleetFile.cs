using System.Text.Json;
using Cassini.Streams.Primitives;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Cluster.Fleet;

/// <summary>
/// Keeps which nodes are gone, and where the others are asked, in <c>fleet.json</c>, so that it outlives restarts. The file is replaced as
/// a whole; one that cannot be read is set aside as <c>fleet.json.damaged</c> and reported.
/// </summary>
/// <param name="directory">Where the file is; null to remember nothing.</param>
/// <param name="fleet">What this node knows.</param>
/// <param name="logger">Where it logs.</param>
internal sealed class FleetFile(string? directory, FleetProjection fleet, ILogger logger)
{
    public const string Name = "fleet.json";

    private readonly string _path = Path.GetFullPath(Path.Combine(directory ?? ".", Name));
    private bool _isFailing;

    /// <summary>Reads what an earlier run wrote.</summary>
    public void Load()
    {
        if (directory is null)
        {
            return;
        }

        try
        {
            var memory = JsonSerializer.Deserialize(WholeFile.Read(_path, 2 * FleetMessage.Most), FleetMessageJson.Default.FleetMemory);
            if (memory is not { V: FleetMessage.Version } || !GoneTold.AreWhole(memory.Tombstones, memory.Forgettings)
                || !(memory.Addresses.IsDefault || memory.Addresses.All(NodeAddress.IsWhole)))
            {
                PutAside("it is not of this version");
                return;
            }

            fleet.Apply(new GoneSaid(memory.Tombstones, memory.Forgettings));
            fleet.Apply(new AddressesRemembered(memory.Addresses.IsDefault ? [] : memory.Addresses));
        }
        catch (Exception none) when (none is FileNotFoundException or DirectoryNotFoundException)
        {
            // The first run.
        }
        catch (Exception damaged) when (damaged is JsonException or FileTooLargeException)
        {
            PutAside(damaged.Message);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            FleetFileLog.Unreadable(logger, _path, failure.Message);
        }
    }

    /// <summary>Writes each change until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var written = fleet.State;
        for (var position = fleet.Log.Newest; ; position = fleet.Log.Newest)
        {
            var state = fleet.State;
            if (!ReferenceEquals(state.Tombstones, written.Tombstones) || !ReferenceEquals(state.Forgettings, written.Forgettings)
                || !ReferenceEquals(state.Addresses, written.Addresses))
            {
                written = Save(state) ? state : written;
            }

            if (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            await fleet.Log.WaitAsync(position).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (fleet.Log.IsCompleted)
            {
                return;
            }
        }
    }

    private bool Save(FleetState state)
    {
        if (directory is null)
        {
            return true;
        }

        var memory = new FleetMemory(
            FleetMessage.Version, [.. state.Tombstones.Values], [.. state.Forgettings.Values], [.. state.Addresses.Values]);
        var draft = $"{_path}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            using (var stream = new FileStream(draft, FileMode.Create, FileAccess.Write))
            {
                JsonSerializer.Serialize(stream, memory, FleetMessageJson.Default.FleetMemory);
                stream.Flush(flushToDisk: true);
            }

            File.Move(draft, _path, overwrite: true);
            _isFailing = false;
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            if (!_isFailing)
            {
                FleetFileLog.NotWritten(logger, _path, failure.Message);
            }

            _isFailing = true;
            return false;
        }
    }

    private void PutAside(string why)
    {
        var aside = $"{_path}.damaged";
        try
        {
            File.Move(_path, aside, overwrite: true);
            FleetFileLog.PutAside(logger, _path, SafeText.Line(why), aside);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            FleetFileLog.Unreadable(logger, _path, failure.Message);
        }
    }
}
