using System.CommandLine;
using System.CommandLine.Parsing;
using Cassini.Streams.Hosting;
using Cassini.Streams.Primitives;
using Cassini.Streams.Settings;
using Cassini.Streams.Settings.Reading;

namespace Cassini.Web.Cli.Settings;

/// <summary>The flags that are settings, and the strongest layer that they make.</summary>
internal sealed class SettingsFlags
{
    private static readonly CassiniOptions BrokerDefaults = new();
    private static readonly ProcessOptions ProcessDefaults = new();

    private readonly Option<string[]> _bind = new("--bind")
    {
        HelpName = "HOST:PORT",
        Description = Hint(
            SettingKeys.Endpoints, "Where clients connect; repeat it or put commas between for more.", BrokerDefaults.Listener.Endpoints),
    };

    private readonly Option<string[]> _bindWebSocket = new("--bind-ws")
    {
        HelpName = "HOST:PORT",
        Description = Hint(SettingKeys.WebSocketEndpoints, "The same for clients that come by WebSocket, such as browsers."),
    };

    private readonly Option<string[]> _set = new("--set")
    {
        HelpName = "SECTION:KEY=VALUE",
        Description = "Any other setting of the tree, such as Health:Hold=30s. Repeatable.",
    };

    private readonly Option<string> _config = new("--config")
    {
        HelpName = "FILE",
        Description = "The settings file. [default appsettings.json in the working directory, if there is one]",
    };

    private readonly Option<bool> _enableFaults = new("--enable-faults")
    {
        Description = "Rehearsal: adds POST /faults/… to management.",
    };

    private readonly (Option<string> Flag, string Key)[] _plain =
    [
        Plain(
            "--management", "HOST:PORT", SettingKeys.ManagementAddress,
            "Where probes, feed and metrics answer.", ProcessDefaults.Management.Address),
        Plain("--ca", "FILE", SettingKeys.Ca, "PEM with the CA that issues the clients' certificates."),
        Plain("--cert", "FILE", SettingKeys.ServerChain, "PEM with the server's certificate and its intermediates."),
        Plain("--key", "FILE", SettingKeys.ServerKey, "PEM with the server's private key."),
        Plain("--crl", "FILE", SettingKeys.Crl, "PEM or DER with the CA's revocation list."),
        Plain("--data-dir", "DIR", SettingKeys.DataDirectory, "Where Cassini keeps its own files."),
        Plain(
            "--log-format", "console|json", SettingKeys.LogFormat,
            "One line for people, or one JSON object for machines.", ProcessDefaults.Logging.Format, ["console", "json"]),
        Plain(
            "--log-level", "LEVEL", SettingKeys.LogLevel,
            $"{string.Join(", ", LogLevelText.Words)}; information, warning, fatal and none mean the same.", ProcessDefaults.Logging.Level,
            LogLevelText.Words),
    ];

    public SettingsFlags()
    {
        _set.Validators.Add(RequireKeyAndValue);
    }

    public void AddTo(Command command)
    {
        command.Options.Add(_bind);
        command.Options.Add(_bindWebSocket);
        foreach (var (flag, _) in _plain)
        {
            command.Options.Add(flag);
        }

        command.Options.Add(_enableFaults);
        command.Options.Add(_config);
        command.Options.Add(_set);
    }

    public string? ConfigFile(ParseResult command) => command.GetValue(_config);

    public SettingsLayer Read(ParseResult command)
    {
        var settings = (command.GetValue(_set) ?? []).Select(AsSetting).ToList();
        foreach (var (flag, key) in _plain)
        {
            if (command.GetValue(flag) is { } value)
            {
                settings.Add(new Setting(key, value, flag.Name));
            }
        }

        foreach (var (flag, key) in new[] { (_bind, SettingKeys.Endpoints), (_bindWebSocket, SettingKeys.WebSocketEndpoints) })
        {
            if (command.GetValue(flag) is { Length: > 0 } addresses)
            {
                settings.Add(new Setting(key, string.Join(',', addresses), flag.Name));
            }
        }

        if (command.GetValue(_enableFaults))
        {
            settings.Add(new Setting(SettingKeys.EnableFaults, bool.TrueString, _enableFaults.Name));
        }

        return new SettingsLayer(settings, UnknownIsError: true);
    }

    private static (Option<string> Flag, string Key) Plain(
        string name, string value, string key, string meaning, object? byDefault = null, IReadOnlyList<string>? words = null)
    {
        var flag = new Option<string>(name) { HelpName = value, Description = Hint(key, meaning, byDefault) };
        flag.CompletionSources.Add([.. words ?? []]);
        return (flag, key);
    }

    /// <summary>The meaning, and in brackets the variable and the default of the same setting.</summary>
    private static string Hint(string key, string meaning, object? byDefault = null)
    {
        var hints = SettingsEnvironment.Named.Where(variable => variable.Value == key).Select(variable => variable.Key).ToList();
        if (byDefault is not null)
        {
            hints.Add($"default {SettingText.Of(byDefault)}");
        }

        return hints.Count == 0 ? meaning : $"{meaning} [{string.Join("; ", hints)}]";
    }

    private static void RequireKeyAndValue(OptionResult set)
    {
        foreach (var token in set.Tokens.Where(token => token.Value.IndexOf('=', StringComparison.Ordinal) < 1))
        {
            set.AddError($"--set {SafeText.Quote(token.Value, 100)}: expected SECTION:KEY=VALUE, such as Health:Hold=30s");
        }
    }

    private static Setting AsSetting(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return new Setting(text[..equals].Trim(), text[(equals + 1)..], "--set");
    }
}
