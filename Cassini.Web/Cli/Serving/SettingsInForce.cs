using System.Collections.Immutable;
using Cassini.Management.Tables;
using Cassini.Streams.Events;
using Cassini.Streams.Hosting;
using Cassini.Streams.Primitives;
using Cassini.Streams.Settings;
using Cassini.Web.Cli.Settings;

namespace Cassini.Web.Cli.Serving;

/// <summary>
/// The settings in force. Access rules and log levels are taken up from a reload, and all others need a restart. Settings that are wrong
/// change nothing. <see cref="Settings"/> may be read on any thread; reloads come one at a time.
/// </summary>
/// <param name="started">The settings of the start.</param>
/// <param name="source">Reads them again.</param>
/// <param name="host">The broker, which gets the access rules.</param>
/// <param name="filters">The log, which gets the levels.</param>
/// <param name="logger">Logs every error.</param>
internal sealed class SettingsInForce(
    ServeSettings started, SettingsSource source, BrokerHost host, LogFilters filters, ILogger logger) : ISettingsView
{
    private const int LongestProblem = 300;

    /// <summary>So many errors of one reload are logged.</summary>
    private const int MostErrors = 100;

    /// <summary>The settings that are taken up without a restart.</summary>
    private static readonly ImmutableArray<string> AtOnce = [SettingKeys.Access, SettingKeys.LogLevel];

    private readonly ServeSettings _started = started;
    private volatile ServeSettings _latest = started;
    private volatile string? _problem;

    public string? File => source.IsOfFile ? source.FileName : null;

    public string? Problem => _problem;

    public IReadOnlyList<SettingRow> Settings
    {
        get
        {
            var latest = _latest;
            var fitted = _started with { Options = host.Options };
            return
            [
                .. SettingsCatalog.All.Select(setting => RowOf(setting, fitted, latest)),
                .. latest.LogLevels.OrderBy(level => level.Key, StringComparer.Ordinal).Select(level => new SettingRow(
                    $"{SettingKeys.CategoryLevels}:{level.Key}", SettingText.Of(level.Value), null, $"in {source.FileName}",
                    AtOnce: true, NeedsRestart: false, Next: null)),
            ];
        }
    }

    /// <summary>Publishes that settings are read, and followed from now on.</summary>
    public void Begin() => host.Hub.Publish(new ConfigurationLoaded([], []));

    /// <summary>Reads the settings again if their file has changed.</summary>
    public Task LookAsync() => source.HasChanged() ? ReloadAsync() : Task.CompletedTask;

    /// <summary>Reads the settings again.</summary>
    /// <returns>Ends when those that can be are in force, or all are refused, and that is published.</returns>
    public async Task ReloadAsync()
    {
        var errors = new List<string>();
        if (source.Load(errors, out _) is not { } read)
        {
            Refuse(errors);
            return;
        }

        foreach (var warning in read.Warnings.Except(_latest.Warnings))
        {
            ServingLog.Warned(logger, warning);
        }

        var takenUp = await TakeUpAsync(_latest, read);
        _latest = read;
        _problem = null;
        host.Hub.Publish(new ConfigurationLoaded(takenUp, [.. Waiting(read).Select(setting => setting.Key)]));
    }

    /// <returns>The keys of what is in force from now on.</returns>
    private async Task<ImmutableArray<string>> TakeUpAsync(ServeSettings before, ServeSettings read)
    {
        var takenUp = ImmutableArray.CreateBuilder<string>();
        if (read.Process.Logging.Level != before.Process.Logging.Level)
        {
            takenUp.Add(SettingKeys.LogLevel);
        }

        if (!read.LogLevels.ToHashSet().SetEquals(before.LogLevels))
        {
            takenUp.Add(SettingKeys.CategoryLevels);
        }

        if (takenUp.Count > 0)
        {
            filters.Change(read.Process.Logging.Level, read.LogLevels);
        }

        if (!read.Options.Broker.Access.SequenceEqual(before.Options.Broker.Access))
        {
            takenUp.Add(SettingKeys.Access);
            await host.Broker.AccessReview.ChangeAsync(read.Options.Broker.Access);
        }

        return takenUp.ToImmutable();
    }

    private void Refuse(List<string> errors)
    {
        _problem = SafeText.Cut(errors[0], LongestProblem);
        host.Hub.Publish(new ConfigurationReloadFailed(_problem, errors.Count - 1));
        foreach (var error in errors.Skip(1).Take(MostErrors))
        {
            ServingLog.SettingRefused(logger, SafeText.Cut(error, LongestProblem));
        }
    }

    private IEnumerable<SettingDescription> Waiting(ServeSettings latest) =>
        SettingsCatalog.All.Where(setting => !AtOnce.Contains(setting.Key) && !SettingValues.AreEqual(_started, latest, setting));

    /// <param name="setting">The setting.</param>
    /// <param name="fitted">The settings of the start, with the limits that the process can have.</param>
    /// <param name="latest">The settings that were read last.</param>
    private SettingRow RowOf(SettingDescription setting, ServeSettings fitted, ServeSettings latest)
    {
        var isAtOnce = AtOnce.Contains(setting.Key);
        var inForce = isAtOnce ? latest : _started;
        var needsRestart = !isAtOnce && !SettingValues.AreEqual(_started, latest, setting);
        return new SettingRow(
            setting.Key,
            SettingValues.ToJson(SettingValues.Of(isAtOnce ? latest : fitted, setting), setting),
            SettingValues.ToJson(setting.Default, setting),
            OriginOf(setting, inForce) + (isAtOnce || SettingValues.AreEqual(_started, fitted, setting) ? "" : ", fitted to open files"),
            isAtOnce,
            needsRestart,
            needsRestart ? SettingValues.ToJson(SettingValues.Of(latest, setting), setting) : null);
    }

    private string OriginOf(SettingDescription setting, ServeSettings settings) =>
        settings.Origins.TryGetValue(setting.Key, out var origin)
            ? source.Environment.ContainsKey(origin) ? $"{origin} in the environment" : origin
        : SettingText.Of(SettingValues.Of(settings, setting)) == SettingText.Of(setting.Default) ? "default"
        : "chosen at the start";
}
