namespace Cassini.Streams.Health.Facts;

/// <summary>All facts that the checks judge. Immutable; an event replaces only the part that it changes.</summary>
internal sealed record HealthFacts
{
    public required CrashFacts Crashes { get; init; }

    public required HandshakeFacts Handshakes { get; init; }

    public PhaseFacts Phase { get; init; } = PhaseFacts.None;

    public EndpointFacts Endpoints { get; init; } = EndpointFacts.None;

    public ManagerFacts Manager { get; init; } = ManagerFacts.None;

    public CanaryFacts Canary { get; init; } = CanaryFacts.None;

    public CertificateFacts Certificates { get; init; } = CertificateFacts.None;

    public LoadFacts Load { get; init; } = LoadFacts.None;

    public CapacityFacts Capacity { get; init; } = CapacityFacts.None;

    public StoreFacts Store { get; init; } = StoreFacts.None;

    public ConfigurationFacts Configuration { get; init; } = ConfigurationFacts.None;

    public ClusterFacts Cluster { get; init; } = ClusterFacts.None;

    public TopicFacts Topics { get; init; } = TopicFacts.None;

    public LastError? LastError { get; init; }

    /// <summary>When the next item in a window expires.</summary>
    public TimeSpan NextExpiry
    {
        get
        {
            var (crashes, handshakes) = (Crashes.Window.NextExpiry, Handshakes.NextExpiry);
            return crashes < handshakes ? crashes : handshakes;
        }
    }

    /// <summary>The facts before the first event.</summary>
    public static HealthFacts None(HealthPolicy policy) => new()
    {
        Crashes = new CrashFacts(new SlidingCounter(policy.CrashWindow)),
        Handshakes = new HandshakeFacts(new SlidingCounter(policy.HandshakeWindow)),
    };

    /// <summary>Removes everything that has expired at <paramref name="now"/>.</summary>
    public HealthFacts Expire(TimeSpan now) => NextExpiry > now ? this : this with
    {
        Crashes = Crashes.Expire(now),
        Handshakes = Handshakes.Expire(now),
    };

    /// <summary>
    /// The same evidence under another policy: the windows get their new lengths, and thresholds are applied anew to the last value where
    /// it is known. For an accept probe it is not, so whether that was slow stays unchanged until the next one.
    /// </summary>
    public HealthFacts Under(HealthPolicy policy, TimeSpan now) => this with
    {
        Crashes = Crashes with { Window = Crashes.Window.Within(policy.CrashWindow, now) },
        Handshakes = Handshakes.Within(policy.HandshakeWindow, now),
        Manager = Manager with { Slow = Threshold.Exceeds(Manager.RoundTrip, policy.SlowRoundTrip, policy.LeaveRatio, false) },
        Canary = Canary with { Slow = Threshold.Exceeds(Canary.RoundTrip, policy.SlowCanary, policy.LeaveRatio, false) },
        Capacity = Capacity.Under(policy),
        Load = Load.Under(policy),
        Store = Store.Under(policy),
    };

    /// <summary>Whether readers of the snapshot see a change of a phase, an endpoint or a certificate.</summary>
    public bool DiffersVisibly(HealthFacts before) =>
        Phase.Phase != before.Phase.Phase || Endpoints.DiffersVisibly(before.Endpoints) || Certificates.DiffersVisibly(before.Certificates);
}
