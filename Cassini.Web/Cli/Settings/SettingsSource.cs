using Cassini.Streams.Settings.Reading;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Settings;

/// <summary>
/// Where the settings of <c>serve</c> come from, for the start and for each reload. The environment and the flags of a process stay the
/// same; the file may change. For one thread at a time, but for <see cref="IsOfFile"/>.
/// </summary>
internal sealed class SettingsSource
{
    private readonly CliContext _context;
    private readonly string? _configFile;
    private readonly SettingsLayer _flags;
    private readonly SettingsFileWatch _watch;
    private volatile bool _isOfFile;
    private bool _isLoaded;

    /// <param name="context">The environment, and the working directory.</param>
    /// <param name="configFile">The file that is named; null for the default one.</param>
    /// <param name="flags">The strongest layer.</param>
    public SettingsSource(CliContext context, string? configFile, SettingsLayer flags)
    {
        _context = context;
        _configFile = configFile;
        _flags = flags;
        _watch = new SettingsFileWatch(Path.Combine(context.WorkingDirectory, FileName));
    }

    /// <summary>The file's name, as it was given.</summary>
    public string FileName => _configFile ?? SettingsFile.DefaultName;

    /// <summary>Whether the settings that were read last, without an error, are of a file too.</summary>
    public bool IsOfFile => _isOfFile;

    /// <summary>The variables of the process.</summary>
    public IReadOnlyDictionary<string, string> Environment => _context.Environment;

    /// <summary>Looks whether the file has changed since it was read.</summary>
    public bool HasChanged() => _watch.HasChanged();

    /// <summary>Reads all settings.</summary>
    /// <param name="errors">Gets every error. A file that was there and is gone is one: its rules must not end with it.</param>
    /// <param name="logging">How to log, errors too: what could be read of it.</param>
    /// <returns>Null when there are errors.</returns>
    public ServeSettings? Load(List<string> errors, out LoggingOptions logging)
    {
        _watch.Take();
        if (_isLoaded && _watch.IsPipe)
        {
            // Whoever opens it would wait for a writer, and no later reload would come.
            errors.Add($"{FileName}: is a pipe, which can be read only at the start");
            logging = new LoggingOptions();
            return null;
        }

        _isLoaded = true;
        if (_isOfFile && _configFile is null && !_watch.HasFile)
        {
            errors.Add($"{FileName}: the file is gone");
        }

        var settings = SettingsLoader.Load(_context, _configFile, _flags, errors, out logging);
        _isOfFile = settings is null ? _isOfFile : _watch.HasFile;
        return settings;
    }
}
