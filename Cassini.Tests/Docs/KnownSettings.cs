using Cassini.Streams.Hosting;
using Cassini.Web.Cli.Settings;

namespace Cassini.Tests.Docs;

/// <summary>Every setting there is, with its default, by the reader that reads them.</summary>
internal static class KnownSettings
{
    private static readonly Lazy<IReadOnlyList<KnownSetting>> Listed = new(() => [.. List()]);

    public static IReadOnlyList<KnownSetting> All => Listed.Value;

    public static IEnumerable<string> Keys => All.Select(setting => setting.Key);

    private static IEnumerable<KnownSetting> List()
    {
        // One value within Tls, so that the section, which has no default, is there to be walked.
        var layer = new SettingsLayer([new Setting("Tls:CrlPath", "x", "test")], UnknownIsError: true);
        var reader = new OptionsReader([layer]);
        var options = reader.Read<CassiniOptions>();
        options = options with { Tls = options.Tls! with { CrlPath = null } };
        var known = reader.Known.ToList();
        var logging = reader.Read<LoggingOptions>(SettingKeys.Logging);
        return known.Select(key => At(options, key, key))
            .Concat(reader.Known.Skip(known.Count).Select(key => At(logging, key, key[(SettingKeys.Logging.Length + 1)..])));
    }

    private static KnownSetting At(object options, string key, string path)
    {
        var names = path.Split(':');
        var owner = names.SkipLast(1).Aggregate(options, (value, name) => value.GetType().GetProperty(name)!.GetValue(value)!);
        var property = owner.GetType().GetProperty(names[^1])!;
        return new KnownSetting(key, property, property.GetValue(owner));
    }
}
