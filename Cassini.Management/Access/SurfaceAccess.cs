using System.Collections.Immutable;
using Cassini.Management.Http;

namespace Cassini.Management.Access;

/// <summary>How the endpoints are guarded, standalone or in an application: the guard, and whether callers are distinguished.</summary>
internal sealed class SurfaceAccess : IDisposable
{
    private const string AllowedHosts = $"Management:{nameof(ManagementOptions.AllowedHosts)}";

    private readonly BearerTokens? _tokens;
    private readonly RequestRates? _rates;

    private SurfaceAccess(AccessGuard guard, Refusals refusals, BearerTokens? tokens, BearerTokens shutdown, RequestRates? rates)
    {
        Guard = guard;
        Refusals = refusals;
        Shutdown = shutdown;
        _tokens = tokens;
        _rates = rates;
    }

    /// <summary>Checks each request.</summary>
    public AccessGuard Guard { get; }

    /// <summary>Counts the callers that are refused.</summary>
    public Refusals Refusals { get; }

    /// <summary>The tokens of <c>POST /drain</c>.</summary>
    public BearerTokens Shutdown { get; }

    /// <summary>Whether the guard is put around each endpoint; otherwise it stands before the whole application.</summary>
    public bool IsPerEndpoint { get; private init; }

    /// <summary>The name of a management setting for the one who can change it: an operator, or the author of the application.</summary>
    /// <param name="option">The property of <see cref="ManagementOptions"/>.</param>
    public string SettingOf(string option) => IsPerEndpoint ? $"{nameof(ManagementOptions)}.{option}" : $"Management:{option}";

    /// <summary>An address on which everything is open to this machine.</summary>
    /// <param name="hosts">Names that mean this machine, beside its own.</param>
    /// <param name="tokens">The tokens. No caller needs one, but their file must still be usable.</param>
    /// <param name="shutdown">The tokens of <c>POST /drain</c>.</param>
    /// <param name="refusals">Counts the callers that are refused.</param>
    public static SurfaceAccess Open(ImmutableArray<string> hosts, BearerTokens tokens, BearerTokens shutdown, Refusals refusals) =>
        new(
            new AccessGuard(ByHost(hosts, anyUnlessNamed: false), AllowedHosts, null, null, null, refusals), refusals, tokens, shutdown,
            null);

    /// <summary>An address on which callers need credentials.</summary>
    /// <param name="hosts">Names that mean this machine; empty for any name.</param>
    /// <param name="tokens">The tokens that are credentials.</param>
    /// <param name="shutdown">The tokens of <c>POST /drain</c>.</param>
    /// <param name="credentials">Checks the credentials of callers.</param>
    /// <param name="rates">How many requests each caller may make.</param>
    /// <param name="lasting">Judges the callers of long answers again.</param>
    /// <param name="refusals">Counts the callers that are refused.</param>
    public static SurfaceAccess Closed(
        ImmutableArray<string> hosts, BearerTokens tokens, BearerTokens shutdown, Credentials credentials, RequestRates rates,
        LongAnswers lasting, Refusals refusals) =>
        new(
            new AccessGuard(ByHost(hosts, anyUnlessNamed: true), AllowedHosts, credentials, rates, lasting, refusals),
            refusals, tokens, shutdown, rates);

    /// <summary>An application that has authentication of its own.</summary>
    /// <param name="hosts">Names that mean this application.</param>
    /// <param name="shutdown">The tokens of <c>POST /drain</c>.</param>
    /// <param name="refusals">Counts the callers that are refused.</param>
    public static SurfaceAccess Embedded(ImmutableArray<string> hosts, BearerTokens shutdown, Refusals refusals)
    {
        var rules = new EmbeddedAccess(hosts.IsDefault ? [] : hosts);
        const string Setting = $"{nameof(ManagementOptions)}.{nameof(ManagementOptions.AllowedHosts)}";
        return new SurfaceAccess(new AccessGuard(rules.MeansUs, Setting, rules, null, null, refusals), refusals, null, shutdown, null)
        {
            IsPerEndpoint = true,
        };
    }

    /// <summary>Reads the files of tokens for the first time.</summary>
    /// <exception cref="AccessConfigurationException">A file cannot be used.</exception>
    public async Task LoadAsync()
    {
        await (_tokens?.LoadAsync() ?? Task.CompletedTask);
        await Shutdown.LoadAsync();
    }

    /// <summary>Whether it is one of the tokens that are credentials: not for <c>POST /drain</c>.</summary>
    public async ValueTask<bool> IsTokenAsync(string shown) => _tokens is not null && await _tokens.AcceptAsync(shown);

    /// <summary>A limited number of slots for each caller, where callers are distinguished.</summary>
    public CallerPlaces Places(int most) => new(_rates is null ? null : most);

    public void Dispose() => _rates?.Dispose();

    private static Func<HttpContext, bool> ByHost(ImmutableArray<string> hosts, bool anyUnlessNamed)
    {
        var names = new HostNames(hosts.IsDefault ? [] : hosts, anyUnlessNamed);
        return context => names.MeanUs(context.Request.Host);
    }
}
