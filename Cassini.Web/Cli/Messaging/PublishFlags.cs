using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using Cassini.Harness.Clients;
using Cassini.Streams.Primitives;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Messaging;

/// <summary>The arguments and flags of <c>pub</c>.</summary>
internal sealed class PublishFlags
{
    /// <summary>The most that a packet can have after its fixed header [MQTT 5.0 §2.1.4].</summary>
    private const int LargestPayload = 268_435_455;

    private readonly ConnectionFlags _connection = new();
    private readonly Argument<string> _topic = new("TOPIC") { Description = "The topic to publish to." };
    private readonly Argument<string?> _message = new("MESSAGE") { Description = "The payload.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string> _file = new("--file") { HelpName = "FILE", Description = "The payload is this file's content." };
    private readonly Option<bool> _lines = new("--stdin-lines") { Description = "Each line of standard input is a message." };
    private readonly Option<bool> _null = new("--null")
    {
        Description = "A message without a payload; with --retain it removes the retained one.",
    };
    private readonly Option<bool> _retain = new("--retain") { Description = "The broker keeps the message for later subscribers." };
    private readonly Option<long?> _repeat = Flags.Count("--repeat", "Publishes N times. [default 1]");
    private readonly Option<TimeSpan?> _interval = Flags.Duration(
        "--interval", TimeSpan.Zero, "The pause between two messages. [default 0]");
    private readonly Option<bool> _rate = new("--rate") { Description = "Writes messages/s once a second, and the sum at the end." };

    private readonly Option<string[]> _properties = new("--property")
    {
        HelpName = "NAME=VALUE",
        Description = "A user property. Repeatable; MQTT 5 only.",
    };

    private readonly Option<string> _contentType = new("--content-type")
    {
        HelpName = "TYPE",
        Description = "The payload's content type. MQTT 5 only.",
    };
    private readonly Option<TimeSpan?> _expiry =
        Flags.Duration(
            "--expiry", TimeSpan.FromSeconds(1), "The broker discards the message after this time (whole seconds). MQTT 5 only.");

    public void AddTo(Command command)
    {
        command.Arguments.Add(_topic);
        command.Arguments.Add(_message);
        Option[] options = [_file, _lines, _null, _retain, _repeat, _interval, _rate, _properties, _contentType, _expiry];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        _connection.AddTo(command);
        _topic.Validators.Add(RequireTopic);
        _properties.Validators.Add(RequireNameAndValue);
        _expiry.Validators.Add(RequireWholeSeconds);
        command.Validators.Add(RequireOneSource);
        command.Validators.Add(RequireMqtt5);
    }

    public ConnectionOptions Connection(ParseResult parsed) => _connection.Read(parsed);

    /// <exception cref="ClientException">The file cannot be read.</exception>
    public PublishRequest Request(ParseResult parsed, CliContext context) => new()
    {
        Topic = parsed.GetRequiredValue(_topic),
        Payload = parsed.GetValue(_lines) ? default(ReadOnlyMemory<byte>?)
            : parsed.GetValue(_file) is { } file ? Content(Path.Combine(context.WorkingDirectory, file)).AsMemory()
            : Encoding.UTF8.GetBytes(parsed.GetValue(_message) ?? "").AsMemory(),
        Retain = parsed.GetValue(_retain),
        Repeat = parsed.GetValue(_repeat) ?? 1,
        Interval = parsed.GetValue(_interval) ?? TimeSpan.Zero,
        Rate = parsed.GetValue(_rate),
        UserProperties = [.. (parsed.GetValue(_properties) ?? []).Select(NameAndValue)],
        ContentType = parsed.GetValue(_contentType),
        Expiry = parsed.GetValue(_expiry),
    };

    private static byte[] Content(string path)
    {
        try
        {
            return WholeFile.Read(path, LargestPayload);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            var problem = exception is FileTooLargeException
                ? $"{exception.Message}, which is more than a message can have"
                : FileProblem.Of(exception, path);
            throw new ClientException($"--file: {SafeText.Of(path)}: {problem}", isLasting: true, exception);
        }
    }

    private static (string Name, string Value) NameAndValue(string text) =>
        text.IndexOf('=', StringComparison.Ordinal) is var equals ? (text[..equals], text[(equals + 1)..]) : default;

    private static void RequireTopic(ArgumentResult result)
    {
        if (result.Tokens is [var token] && TopicText.ProblemOfTopic(token.Value) is { } problem)
        {
            result.AddError(problem);
        }
    }

    private static void RequireNameAndValue(OptionResult result)
    {
        foreach (var token in result.Tokens.Where(token => token.Value.IndexOf('=', StringComparison.Ordinal) < 1))
        {
            result.AddError($"--property '{SafeText.Of(token.Value)}' is not NAME=VALUE");
        }
    }

    private void RequireWholeSeconds(OptionResult result)
    {
        if (result.Tokens is [var token] && DurationText.TryParse(token.Value, out var expiry)
            && expiry.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            result.AddError($"--expiry '{token.Value}' is not in whole seconds");
        }
    }

    private void RequireOneSource(CommandResult command)
    {
        string[] given =
        [
            .. command.GetResult(_message) is { Tokens.Count: > 0 } ? ["MESSAGE"] : Array.Empty<string>(),
            .. new Option[] { _file, _lines, _null }
                .Where(option => command.GetResult(option) is { Implicit: false })
                .Select(option => option.Name),
        ];
        if (given.Length != 1)
        {
            command.AddError(given.Length == 0
                ? "nothing to publish: give MESSAGE, --file, --stdin-lines or --null"
                : $"{string.Join(" and ", given)} exclude each other");
        }

        if (command.GetResult(_lines) is { Implicit: false } && command.GetResult(_repeat) is not null)
        {
            command.AddError("--stdin-lines and --repeat exclude each other");
        }
    }

    private void RequireMqtt5(CommandResult command)
    {
        if (_connection.IsMqtt5(command))
        {
            return;
        }

        Option[] ofMqtt5 = [_properties, _contentType, _expiry];
        foreach (var option in ofMqtt5.Where(option => command.GetResult(option) is { Implicit: false }))
        {
            command.AddError($"{option.Name} needs MQTT 5");
        }
    }
}
