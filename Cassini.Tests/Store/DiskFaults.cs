namespace Cassini.Tests.Store;

/// <summary>Changes by seed what becomes of what is written to a disk.</summary>
internal sealed class DiskFaults(SimulatedDisk disk, ScheduleChecker checker, Random random)
{
    public void Change()
    {
        var choice = random.Next(12);
        if (disk.IsHolding && choice < 5)
        {
            var fate = random.Next(100) < 70 ? AppendFate.Succeeds : Any([AppendFate.FailsThere, AppendFate.FailsAbsent, AppendFate.Full]);
            checker.Trace($"the append that was held: {fate}");
            disk.Release(fate);
        }
        else if (choice < 7)
        {
            disk.Usually = disk.Usually == AppendFate.Held ? AppendFate.Succeeds : AppendFate.Held;
            checker.Trace($"appends: {disk.Usually}");
        }
        else if (choice == 7)
        {
            checker.Trace("the next drop of groups fails in the middle");
            disk.FailTrims(1);
        }
        else if (choice == 8)
        {
            var count = random.Next(1, 4);
            checker.Trace($"the next {count} reads of a group fail");
            disk.FailReads(count);
        }
        else
        {
            var fate = Any([AppendFate.FailsThere, AppendFate.FailsAbsent, AppendFate.Full, AppendFate.Held]);
            checker.Trace($"next append: {fate}");
            disk.Plan(fate);
            disk.FailOpens(random.Next(100) < 20 ? 1 : 0);
        }
    }

    private AppendFate Any(AppendFate[] fates) => fates[random.Next(fates.Length)];
}
