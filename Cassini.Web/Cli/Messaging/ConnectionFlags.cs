using System.CommandLine;
using System.CommandLine.Parsing;
using System.Security.Cryptography;
using System.Text;
using Cassini.Streams.Primitives;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Cassini.Web.Cli.Messaging;

/// <summary>The flags that <c>pub</c> and <c>sub</c> share.</summary>
internal sealed class ConnectionFlags
{
    private const string DefaultBroker = "127.0.0.1:8883";
    private const int DefaultPort = 8883;
    private const int MaxClientIdBytes = 65535; // [MQTT-1.5.4]

    private readonly Option<HostPort?> _broker = new("--broker")
    {
        HelpName = "HOST:PORT",
        Description = $"The broker to connect to. [default {DefaultBroker}]",
        CustomParser = Broker,
    };

    private readonly Option<string> _ca = File(
        "--ca", "PEM with the CA that the broker's certificate comes from. [default the development CA]");
    private readonly Option<string> _certificate = File(
        "--cert", "PEM with the client's certificate and its intermediates. [default the development client's]");
    private readonly Option<string> _key = File("--key", "PEM with the client's private key. [default the development client's]");

    private readonly Option<string> _serverName = new("--server-name")
    {
        HelpName = "NAME",
        Description = "The name that the broker's certificate must have. [default the host of --broker]",
    };

    private readonly Option<string> _id = new("--id")
    {
        HelpName = "CLIENT-ID",
        Description = "The client identifier. [default a random one]",
    };

    private readonly Option<int> _qos = new("--qos")
    {
        HelpName = "0|1|2",
        Description = "Quality of service. [default 0]",
        CustomParser = result => OneOf(result, "--qos", ("0", 0), ("1", 1), ("2", 2)),
    };

    private readonly Option<MqttProtocolVersion> _version = new("--mqtt")
    {
        HelpName = "5|3.1.1",
        Description = "The version of the protocol. [default 5]",
        CustomParser = result => OneOf(result, "--mqtt", ("5", MqttProtocolVersion.V500), ("3.1.1", MqttProtocolVersion.V311)),
    };

    private readonly Option<bool> _json = new("--json") { Description = "Writes JSON for machines, one object per line." };

    public void AddTo(Command command)
    {
        _qos.CompletionSources.Add("0", "1", "2");
        _version.CompletionSources.Clear();
        _version.CompletionSources.Add("5", "3.1.1");
        command.Options.Add(_broker);
        command.Options.Add(_ca);
        command.Options.Add(_certificate);
        command.Options.Add(_key);
        command.Options.Add(_serverName);
        command.Options.Add(_id);
        command.Options.Add(_qos);
        command.Options.Add(_version);
        command.Options.Add(_json);
        command.Validators.Add(RequireBothOrNeither);
        command.Validators.Add(RequireUsableId);
    }

    /// <summary>Whether properties of MQTT 5 can be sent.</summary>
    public bool IsMqtt5(CommandResult command) => command.GetResult(_version)?.Tokens is not [{ Value: "3.1.1" }];

    /// <summary>Whether a client identifier was given.</summary>
    public bool HasId(CommandResult command) => command.GetResult(_id) is not null;

    public ConnectionOptions Read(ParseResult parsed)
    {
        var (host, port) = parsed.GetValue(_broker) ?? new HostPort("127.0.0.1", DefaultPort);
        return new ConnectionOptions
        {
            Host = host,
            Port = port,
            CaPath = parsed.GetValue(_ca),
            CertificatePath = parsed.GetValue(_certificate),
            KeyPath = parsed.GetValue(_key),
            ServerName = parsed.GetValue(_serverName) ?? host,
            ClientId = parsed.GetValue(_id)
                ?? $"cassini-{parsed.CommandResult.Command.Name}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}",
            QoS = (MqttQualityOfServiceLevel)parsed.GetValue(_qos),
            Version = parsed.GetValue(_version) is var version && version == MqttProtocolVersion.Unknown
                ? MqttProtocolVersion.V500
                : version,
            Json = parsed.GetValue(_json),
        };
    }

    private static Option<string> File(string name, string description) => new(name) { HelpName = "FILE", Description = description };

    private static HostPort? Broker(ArgumentResult result)
    {
        var text = result.Tokens.Single().Value;
        if (HostPort.TryParse(text, out var address))
        {
            return address;
        }

        result.AddError($"--broker {SafeText.Quote(text)} is not HOST:PORT, such as {DefaultBroker} or [::1]:{DefaultPort}");
        return null;
    }

    private static T? OneOf<T>(ArgumentResult result, string name, params (string Text, T Value)[] allowed)
    {
        var text = result.Tokens.Single().Value;
        foreach (var (candidate, value) in allowed)
        {
            if (candidate == text)
            {
                return value;
            }
        }

        result.AddError($"{name} '{SafeText.Of(text)}' is not one of {string.Join(", ", allowed.Select(one => one.Text))}");
        return default;
    }

    private void RequireBothOrNeither(CommandResult command)
    {
        if (command.GetResult(_certificate) is null != command.GetResult(_key) is null)
        {
            command.AddError("--cert and --key belong together: give both or neither");
        }
    }

    private void RequireUsableId(CommandResult command)
    {
        if (command.GetResult(_id)?.Tokens is not [var token])
        {
            return;
        }

        if (token.Value.Length == 0 || token.Value.Contains('\0', StringComparison.Ordinal)
            || Encoding.UTF8.GetByteCount(token.Value) > MaxClientIdBytes)
        {
            command.AddError($"--id must be 1 to {MaxClientIdBytes} bytes without U+0000");
        }
    }
}
