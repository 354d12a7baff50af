namespace Cassini.Streams.Store;

/// <summary>What a record of the journal says. The numbers are part of the format: none is ever used for something else.</summary>
internal enum RecordType : byte
{
    /// <summary>No record: a change that another one of the same group has undone.</summary>
    None = 0,

    /// <summary>A session began, or its expiry interval changed.</summary>
    Session = 1,

    /// <summary>A session ended, with everything that belongs to it.</summary>
    SessionEnd = 2,

    /// <summary>A session got or lost its connection.</summary>
    Presence = 3,

    Subscription = 4,

    SubscriptionEnd = 5,

    /// <summary>A message. The copies of the same group refer to it by its place among the bodies of the group.</summary>
    Body = 6,

    /// <summary>A copy of a message for a session.</summary>
    Copy = 7,

    /// <summary>The deliveries of copies with consecutive sequence numbers and packet identifiers reached a state.</summary>
    Delivery = 8,

    /// <summary>Copies with consecutive sequence numbers are gone.</summary>
    CopyEnd = 9,

    /// <summary>QoS 2 messages with consecutive packet identifiers were received.</summary>
    Received = 10,

    /// <summary>They were released.</summary>
    ReceivedEnd = 11,

    /// <summary>The retained message of a topic.</summary>
    Retained = 12,

    RetainedEnd = 13,

    Will = 14,

    WillEnd = 15,

    /// <summary>A subscription that had still to get retained messages has got them.</summary>
    BurstEnd = 16,

    /// <summary>A session ended, but others have still to get what it had not finished of shared subscriptions.</summary>
    SessionOver = 17,

    /// <summary>
    /// From here on a record is followed by its length, and a reader that does not know it skips it. One that does not know a smaller
    /// number refuses the group.
    /// </summary>
    FirstSkippable = 128,

    /// <summary>
    /// In a fleet the stamp of the record before it, <see cref="Retained"/> or <see cref="RetainedEnd"/>: 16 bytes, or more one day.
    /// An older program reads the messages, and knows nothing of stamps.
    /// </summary>
    RetainedStamp = 129,

    /// <summary>In a fleet: what is known of removed messages whose stamps are not kept any more. A stamp.</summary>
    RetainedFloor = 130,
}
