using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Cassini.Bench;

/// <summary>Requests per second of /readyz and /healthz over a bare Kestrel endpoint with the same bytes, by wrk, A B A B.</summary>
internal static partial class ProbeBench
{
    private const int Rounds = 5;

    public static async Task RunAsync()
    {
        using var client = new HttpClient();
        using var cassini = Child.Cassini();
        await cassini.UntilReadyAsync(client);
        foreach (var path in new[] { "/readyz", "/healthz" })
        {
            using var bare = Child.Bare(await client.GetByteArrayAsync(new Uri(cassini.Base, path)));
            await bare.UntilReadyAsync(client);
            var (ours, peers) = (new List<double>(), new List<double>());
            for (var round = 0; round <= Rounds; round++)
            {
                var (peer, own) = (await WrkAsync(new Uri(bare.Base, path)), await WrkAsync(new Uri(cassini.Base, path)));
                if (round > 0)
                {
                    peers.Add(peer);
                    ours.Add(own);
                }
            }

            var ratios = ours.Zip(peers, (own, peer) => own / peer).ToArray();
            Measure.Line(
                $"{path,-9} {Measure.Median(ours):N0}/s, bare Kestrel {Measure.Median(peers):N0}/s, ",
                $"ratio median {Measure.Median(ratios):0.00} ({ratios.Min():0.00} to {ratios.Max():0.00})");
        }
    }

    private static async Task<double> WrkAsync(Uri url)
    {
        using var wrk = Process.Start(
            new ProcessStartInfo("wrk", ["-t1", "-c32", "-d4s", url.ToString()]) { RedirectStandardOutput = true })!;
        var text = await wrk.StandardOutput.ReadToEndAsync();
        await wrk.WaitForExitAsync();
        return Rate().Match(text) is { Success: true } rate
            ? double.Parse(rate.Groups[1].Value, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"wrk said: {text}");
    }

    [GeneratedRegex(@"Requests/sec:\s+([0-9.]+)")]
    private static partial Regex Rate();
}
