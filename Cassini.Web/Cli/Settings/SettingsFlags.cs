using System.CommandLine;
using System.CommandLine.Parsing;

namespace Cassini.Web.Cli.Settings;

/// <summary>The flags that are settings, and the strongest layer that they make.</summary>
internal sealed class SettingsFlags
{
    private readonly Option<string[]> _bind = new("--bind")
    {
        HelpName = "HOST:PORT",
        Description = "Where clients connect; repeat it or put commas between for more. [CASSINI_BIND_ADDR; default 127.0.0.1:8883]",
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
        (Plain("--management", "HOST:PORT", "Where probes, feed and metrics answer. [CASSINI_MANAGEMENT_ADDR; default 127.0.0.1:9090]"), SettingKeys.ManagementAddress),
        (Plain("--ca", "FILE", "PEM with the CA that clients' certificates come from. [TLS_CA_CERT]"), SettingKeys.Ca),
        (Plain("--cert", "FILE", "PEM with the server's certificate and its intermediates. [TLS_SERVER_CERT_CHAIN]"), SettingKeys.ServerChain),
        (Plain("--key", "FILE", "PEM with the server's private key. [TLS_SERVER_KEY]"), SettingKeys.ServerKey),
        (Plain("--crl", "FILE", "PEM or DER with the CA's revocation list. [TLS_CRL]"), SettingKeys.Crl),
        (Plain("--data-dir", "DIR", "Where Cassini keeps its own files. [CASSINI_DATA_DIR]"), SettingKeys.DataDirectory),
        (Plain("--log-format", "console|json", "One line for people, or one JSON object for machines. [default console]"), SettingKeys.LogFormat),
        (Plain("--log-level", "LEVEL", "trace, debug, information, warning, error, critical or none. [default information]"), SettingKeys.LogLevel),
    ];

    public SettingsFlags()
    {
        _set.Validators.Add(RequireKeyAndValue);
    }

    public void AddTo(Command command)
    {
        command.Options.Add(_bind);
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

        if (command.GetValue(_bind) is { Length: > 0 } addresses)
        {
            settings.Add(new Setting(SettingKeys.Endpoints, string.Join(',', addresses), _bind.Name));
        }

        if (command.GetValue(_enableFaults))
        {
            settings.Add(new Setting(SettingKeys.EnableFaults, bool.TrueString, _enableFaults.Name));
        }

        return new SettingsLayer(settings, UnknownIsError: true);
    }

    private static Option<string> Plain(string name, string value, string description) =>
        new(name) { HelpName = value, Description = description };

    private static void RequireKeyAndValue(OptionResult set)
    {
        foreach (var token in set.Tokens.Where(token => token.Value.IndexOf('=', StringComparison.Ordinal) < 1))
        {
            set.AddError($"--set {SettingValue.Quoted(token.Value)}: expected SECTION:KEY=VALUE, such as Health:Hold=30s");
        }
    }

    private static Setting AsSetting(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return new Setting(text[..equals].Trim(), text[(equals + 1)..], "--set");
    }
}
