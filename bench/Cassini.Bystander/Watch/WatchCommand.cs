using System.Globalization;
using Cassini.Load;

namespace Cassini.Bystander.Watch;

/// <summary>
/// One row of the table: the bystander, the newcomers and the probes, first without an attack, so that everything is compiled and at work,
/// then under it, and on until all is quiet again.
/// </summary>
internal static class WatchCommand
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan QuietFor = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LastMessages = TimeSpan.FromSeconds(10);

    public static void Run(BystanderOptions options)
    {
        var load = new LoadOptions { Port = options.Port, Version5 = true };
        var pulse = new Pulse();
        using var bystander = new BystanderClient(new ClientTls(options.Certificates, "bystander"), load, pulse);
        using var newcomers = new Newcomers(new ClientTls(options.Certificates, "newcomer"), load, pulse);
        var management = $"http://127.0.0.1:{options.Management}";
        using var live = new HealthProbe(new Uri($"{management}/livez?verbose"), pulse);
        using var ready = new HealthProbe(new Uri($"{management}/readyz?verbose"), pulse);
        using var pause = new ManualResetEvent(false);
        pause.WaitOne(WarmUp);

        var before = (Resident: ProcessUsage.ResidentKiB(options.Pid), bystander.Refused, Cpu: ProcessUsage.Cpu(options.Pid));
        var start = Measure.Now;
        var (said, attackerCpu) = Attack(options, pause);
        var end = Measure.Now;
        var cpu = ProcessUsage.Cpu(options.Pid) - before.Cpu;
        var quiet = UntilQuiet(options, bystander, pulse, end, pause);

        bystander.Stop();
        newcomers.Stop();
        live.Stop();
        ready.Stop();
        var messages = bystander.Since(start);
        for (var waited = TimeSpan.Zero; waited < LastMessages && messages.Any(message => !message.IsReceived); waited += Step)
        {
            pause.WaitOne(Step);
        }

        Console.WriteLine(new Row
        {
            Name = options.Name,
            During = [.. messages.Where(message => message.Due <= end)],
            All = messages,
            Refused = bystander.Refused - before.Refused,
            Newcomers = newcomers.Since(start),
            Live = live.Since(start),
            Ready = ready.Since(start),
            StartKiB = before.Resident,
            PeakKiB = ProcessUsage.PeakResidentKiB(options.Pid),
            EndKiB = ProcessUsage.ResidentKiB(options.Pid),
            MemoryLimit = options.MemoryLimit,
            Quiet = quiet,
            Notes = string.Create(
                CultureInfo.InvariantCulture,
                $"{said}; {Measure.Since(start).TotalSeconds - Measure.Since(end).TotalSeconds:F0} s, "
                + $"processor time: broker {cpu:F1} s, attacker {attackerCpu:F1} s"),
        });
    }

    private static (string Said, double Cpu) Attack(BystanderOptions options, ManualResetEvent pause)
    {
        if (options.Name == "none")
        {
            pause.WaitOne(options.Duration);
            return ("nobody attacks", 0);
        }

        using var attacker = new AttackerProcess(options);
        var limit = options.Preparation + options.Duration + TimeSpan.FromSeconds(15);
        var (start, cpu) = (Measure.Now, 0.0);
        while (!attacker.Wait(Step))
        {
            cpu = Math.Max(cpu, attacker.Cpu());
            if (Measure.Since(start) > limit)
            {
                attacker.Kill();
                return ("the attacker did not end", cpu);
            }
        }

        return (attacker.Said(), cpu);
    }

    /// <summary>How long after the attack something was last not as it should be; null when that did not end.</summary>
    private static TimeSpan? UntilQuiet(
        BystanderOptions options, BystanderClient bystander, Pulse pulse, long end, ManualResetEvent pause)
    {
        var (time, cpu) = (Measure.Now, ProcessUsage.Cpu(options.Pid));
        while (Measure.Since(end) < options.Quiet + QuietFor)
        {
            pause.WaitOne(Step);
            var (now, used) = (Measure.Now, ProcessUsage.Cpu(options.Pid));
            var share = (used - cpu) / TimeProvider.System.GetElapsedTime(time, now).TotalSeconds;
            (time, cpu) = (now, used);
            if (share > Goal.QuietCpu || bystander.IsLate())
            {
                pulse.Disturb();
            }

            if (Measure.Since(Math.Max(pulse.Disturbed, end)) >= QuietFor)
            {
                return TimeSpan.FromTicks(Math.Max(0, TimeProvider.System.GetElapsedTime(end, pulse.Disturbed).Ticks));
            }
        }

        return null;
    }
}
