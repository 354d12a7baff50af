namespace Cassini.Web.Cli.Messaging;

/// <summary>The flags of other MQTT clients that <c>pub</c> and <c>sub</c> do not have, with what to give instead.</summary>
internal static class OtherClients
{
    private const string Address = "the broker's address is --broker HOST:PORT";
    private const string Password = "clients sign in with a certificate: --cert and --key";

    private static readonly IReadOnlyDictionary<string, string> Shared = new Dictionary<string, string>
    {
        ["-q"] = "did you mean '--qos'?",
        ["-i"] = "did you mean '--id'?",
        ["-V"] = "did you mean '--mqtt'?",
        ["-p"] = Address,
        ["--host"] = Address,
        ["--port"] = Address,
        ["--cafile"] = "did you mean '--ca'?",
        ["-u"] = Password,
        ["--username"] = Password,
        ["-P"] = Password,
        ["--password"] = Password,
    };

    /// <summary>Those of <c>pub</c>.</summary>
    public static readonly IReadOnlyDictionary<string, string> FlagsOfPublishers = new Dictionary<string, string>(Shared)
    {
        ["-t"] = "the topic is the first argument",
        ["--topic"] = "the topic is the first argument",
        ["-m"] = "the message is the second argument",
        ["--message"] = "the message is the second argument",
        ["-f"] = "did you mean '--file'?",
        ["-l"] = "did you mean '--stdin-lines'?",
        ["-n"] = "did you mean '--null'?",
        ["-r"] = "did you mean '--retain'?",
    };

    /// <summary>Those of <c>sub</c>.</summary>
    public static readonly IReadOnlyDictionary<string, string> FlagsOfSubscribers = new Dictionary<string, string>(Shared)
    {
        ["-t"] = "the filters are arguments, without a flag",
        ["--topic"] = "the filters are arguments, without a flag",
        ["-C"] = "did you mean '--count'?",
        ["-W"] = "did you mean '--timeout'?",
        ["-R"] = "did you mean '--no-retained'?",
        ["-v"] = "each line begins with the topic",
    };
}
