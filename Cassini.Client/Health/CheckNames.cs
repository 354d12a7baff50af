namespace Cassini.Streams.Health;

/// <summary>The names of the health checks, in their fixed order.</summary>
public static class CheckNames
{
    /// <summary>The fold itself is alive.</summary>
    public const string Projection = "projection";

    /// <summary>Every endpoint is bound.</summary>
    public const string Bind = "bind";

    /// <summary>The listener manager answers, and its counts agree with the fold's.</summary>
    public const string Manager = "manager";

    /// <summary>Every bound endpoint accepts.</summary>
    public const string Accept = "accept";

    /// <summary>A real client can connect and exchange messages.</summary>
    public const string Canary = "canary";

    /// <summary>Nothing crashed recently.</summary>
    public const string Supervision = "supervision";

    /// <summary>Most handshakes succeed.</summary>
    public const string Handshake = "handshake";

    /// <summary>The certificates are valid and fresh.</summary>
    public const string Certificate = "certificate";

    /// <summary>Messages are delivered as fast as they arrive.</summary>
    public const string Backlog = "backlog";

    /// <summary>There is room for new clients and their messages.</summary>
    public const string Capacity = "capacity";

    /// <summary>What is acknowledged becomes durable.</summary>
    public const string Store = "store";

    /// <summary>The settings that can be read are those in force.</summary>
    public const string Configuration = "configuration";

    /// <summary>The nodes of the fleet hear each other and agree.</summary>
    public const string Cluster = "cluster";

    /// <summary>The process serves.</summary>
    public const string Phase = "phase";

    /// <summary>All names, in the order in which the checks are reported.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Projection, Bind, Manager, Accept, Canary, Supervision, Handshake, Certificate, Backlog, Capacity, Store, Configuration, Cluster,
        Phase,
    ];
}
