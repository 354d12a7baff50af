using Cassini.Management.Probes;

namespace Cassini.Management.Access;

/// <summary>What an endpoint is to callers without credentials. One that does not say it is closed to them.</summary>
/// <param name="Probe">The probe whose one word they get; null when the endpoint is wholly theirs.</param>
/// <param name="IsPage">Whether they get it as the body of a refusal.</param>
internal sealed record PublicAccess(Probe? Probe, bool IsPage = false)
{
    /// <summary>Tells nothing of this broker, or has a guard of its own.</summary>
    public static readonly PublicAccess Whole = new(Probe: null);

    /// <summary>The page that asks for credentials itself, since a browser cannot send a token while it loads a page: 401, with the page as its body.</summary>
    public static readonly PublicAccess Page = new(Probe: null, IsPage: true);
}
