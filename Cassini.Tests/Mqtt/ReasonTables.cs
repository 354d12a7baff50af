namespace Cassini.Tests.Mqtt;

/// <summary>Who may send which reason code, as the tables of MQTT 5.0 have it.</summary>
internal static class ReasonTables
{
    /// <summary>Table 3-4; table 3-5 has the same.</summary>
    public static readonly byte[] PubAck = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];

    /// <summary>Table 3-6; table 3-7 has the same.</summary>
    public static readonly byte[] PubRel = [0x00, 0x92];

    /// <summary>Table 3-10, sent by the client.</summary>
    public static readonly byte[] ClientsDisconnect =
        [0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99];

    /// <summary>Table 3-10, sent by the server.</summary>
    public static readonly byte[] ServersDisconnect =
    [
        0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B,
        0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2,
    ];

    /// <summary>Table 3-11, sent by the client.</summary>
    public static readonly byte[] ClientsAuth = [0x18, 0x19];

    /// <summary>Table 3-11, sent by the server.</summary>
    public static readonly byte[] ServersAuth = [0x00, 0x18];
}
