namespace Cassini.Streams.Events;

/// <summary>
/// What the process takes of its machine, as a part of <see cref="LoadSampled"/>. Its open descriptors are
/// <see cref="Capacity.Descriptors"/>.
/// </summary>
/// <param name="Memory">Bytes of physical memory that it occupies.</param>
/// <param name="Heap">Bytes of the managed heap in use, with those that became garbage after the last collection.</param>
/// <param name="Cpu">
/// The share of its cores that it used since the last sample with these figures: 1 is all of them all the time. In the first sample since
/// the process started.
/// </param>
/// <param name="Cores">Cores that it may use.</param>
/// <param name="Threads">Its threads.</param>
/// <param name="GcPause">The share of the same time in which it stood still for garbage collections.</param>
public sealed record ProcessLoad(long Memory, long Heap, double Cpu, int Cores, int Threads, double GcPause);
