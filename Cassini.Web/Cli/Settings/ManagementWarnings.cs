using System.Net;
using Cassini.Management.Http;
using Cassini.Streams.Listening.Endpoints;

namespace Cassini.Web.Cli.Settings;

/// <summary>Warnings about management settings that are allowed but risky, for the operator before the start.</summary>
internal static class ManagementWarnings
{
    public static IEnumerable<string> Of(ManagementOptions management)
    {
        if (!EndpointAddress.TryParse(management.Address, out var address, out _))
        {
            yield break;
        }

        if (!management.Https && !management.Identities.IsDefaultOrEmpty)
        {
            yield return "Management:Identities names client certificates, which no client can present without Management:Https=true";
        }

        var isLoopback = IPAddress.IsLoopback(address.Address);
        if (isLoopback && management.RequireCredentials is not true)
        {
            if (management.TokenPath is not null)
            {
                yield return $"management on {address} does not ask for a token: it is open to everyone on this machine; "
                    + "set Management:RequireCredentials=true";
            }

            yield break;
        }

        if (!isLoopback && !management.Https)
        {
            yield return $"management uses plain HTTP on {address}: "
                + "others on the network can read bearer tokens; set Management:Https=true";
        }

        if (!management.Https && management.TokenPath is null)
        {
            yield return $"management on {address} has no credentials configured: it answers only probes, with one word; "
                + "set CASSINI_MANAGEMENT_TOKEN_FILE, or Management:Https=true for client certificates";
        }
    }
}
